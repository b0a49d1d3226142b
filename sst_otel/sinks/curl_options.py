"""What the options that were set on a curl handle say of its transfer."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from sst_otel import semconv
from sst_otel.shares import Call, Part

_BODIES = ("POSTFIELDS", "COPYPOSTFIELDS")
_BESIDE = ("COOKIE", "USERPWD", "USERNAME", "XOAUTH2_BEARER", "REFERER", "USERAGENT")
_PORTS = {"http": 80, "https": 443, "ftp": 21, "smtp": 25, "smtps": 465}


def call_of(options: dict[str, Any]) -> Call | None:
    """Return the call that a transfer makes; None where it has no address yet.

    ``options``: libcurl's name of an option → what it was set to.
    """
    address = _text(options.get("URL", ""))
    if not address:
        return None
    url = urlsplit(address if "://" in address else f"http://{address}")
    parts = [Part("url", url.geturl()), Part("headers", _headers(options.get("HTTPHEADER")))]
    parts += [Part("body", options[name]) for name in _BODIES if name in options]
    if isinstance(options.get("HTTPPOST"), (list, tuple)):
        parts.append(Part("data", _fields(options["HTTPPOST"])))
    beside = {name.lower(): options[name] for name in _BESIDE if name in options}
    if beside:
        parts.append(Part("options", beside))
    mail = "MAIL_RCPT" in options
    if mail:
        parts.append(
            Part("envelope", {"from": options.get("MAIL_FROM"), "to": options["MAIL_RCPT"]})
        )
    host = url.hostname or ""
    return Call(
        kind=semconv.EMAIL_SEND if mail else semconv.EXTERNAL_API,
        destination=f"smtp {host}" if mail else "",
        host=host,
        port=url.port or _PORTS.get(url.scheme.lower()),
        method=_method(options) if url.scheme.lower() in ("http", "https") else "",
        path=url.path,
        parts=tuple(parts),
    )


def _method(options: dict[str, Any]) -> str:
    if "CUSTOMREQUEST" in options:
        return _text(options["CUSTOMREQUEST"])
    if any(name in options for name in (*_BODIES, "HTTPPOST")) or options.get("POST") == 1:
        return "POST"
    if options.get("UPLOAD") == 1:
        return "PUT"
    return "HEAD" if options.get("NOBODY") == 1 else "GET"


def _headers(lines: Any) -> list[tuple[str, Any]]:
    if not isinstance(lines, (list, tuple)):
        return []
    pairs = [_text(line).partition(":") for line in lines]
    return [(name.strip(), text.strip()) for name, _, text in pairs]


def _fields(form: Any) -> dict[str, Any]:
    """Return a form's fields; of one with several settings those are texts."""
    return {_text(field[0]): field[1] for field in form if len(field) > 1}


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
