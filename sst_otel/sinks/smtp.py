"""smtplib: mails as they are handed to a mail server, with the addresses they are to go to.

``sendmail`` is what ``send_message``, Flask-Mail and Django end in. Programs that speak the
protocol step by step (``mail``, ``rcpt``, ``data``) are looked at in ``data``. No OpenTelemetry
instrumentation makes spans here: the client span is ours.
"""

from __future__ import annotations

from typing import Any

from sst_otel import semconv
from sst_otel.beside import noting
from sst_otel.patching import Patches
from sst_otel.registry.identity import marked
from sst_otel.shares import Call, Part
from sst_otel.sinks.claims import is_claimed
from sst_otel.sinks.layers import Layer
from sst_otel.sinks.mail_objects import composed_of, watch_messages
from sst_otel.sinks.mime import mail_parts
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.share import Share
from sst_otel.sinks.wrapping import Args, Kwargs, door, layer

_PLACE = "sink.smtp"
_SERVER = "_sst_server"
_ENVELOPE = "_sst_envelope"
_DEFAULT_PORT = 25
_ACCEPTED = 250
_MOST_ADDRESSES = 5_000
_SENDMAIL = ("from_addr", "to_addrs", "msg")
_LISTS = frozenset({list, tuple, set, frozenset, type({}.keys()), type({}.values())})


def install(emit: Outgoing) -> Patches:
    """Watch the mails that leave through smtplib."""
    patches = Patches(_PLACE)
    patches.wrap("smtplib", "SMTP.connect", noting(_PLACE, _connecting))
    patches.wrap("smtplib", "SMTP.mail", noting(_PLACE, _sender, emit.idle))
    patches.wrap("smtplib", "SMTP.rcpt", noting(_PLACE, _addressee, emit.idle))
    patches.wrap("smtplib", "SMTP.data", door(_PLACE, emit, _data, None, _answered))
    patches.wrap("smtplib", "SMTP.sendmail", door(_PLACE, emit, _sendmail))
    patches.wrap("smtplib", "SMTP.send_message", layer(_PLACE, emit, _message))
    watched: list[object] = []

    def watch(module: object) -> None:
        if not watched:
            watched.append(module)
            watch_messages(patches, emit)

    # Every HTTP client imports email.message; who composes has one of these. A raw message may
    # leave by an API as well.
    for module in ("smtplib", "email.policy", "email.mime.base"):
        patches.when_imported(module, watch)
    return patches


def _connecting(server: Any, args: Args, kwargs: Kwargs) -> None:
    """Keep the name that was asked for: the connection itself knows an address only."""
    host = args[0] if args else kwargs.get("host", "localhost")
    port = args[1] if len(args) > 1 else kwargs.get("port", 0)
    if type(host) is not str:
        return
    name, colon, number = host.rpartition(":")
    if not port and colon and ":" not in name and number.isdigit():
        host, port = name, int(number)
    vars(server)[_SERVER] = (host, port or getattr(server, "default_port", _DEFAULT_PORT))


def _sender(server: Any, args: Args, kwargs: Kwargs) -> None:
    if not is_claimed():
        sender = args[0] if args else kwargs.get("sender")
        vars(server)[_ENVELOPE] = {"from": sender, "to": []}


def _addressee(server: Any, args: Args, kwargs: Kwargs) -> None:
    envelope = vars(server).get(_ENVELOPE)
    if envelope is not None and len(envelope["to"]) < _MOST_ADDRESSES:
        envelope["to"].append(args[0] if args else kwargs.get("recip"))


def _message(_server: Any, args: Args, kwargs: Kwargs) -> Layer:
    return Layer(parts=tuple(composed_of(args[0] if args else kwargs.get("msg"))))


def _sendmail(server: Any, args: Args, kwargs: Kwargs) -> Call | None:
    given = {**dict(zip(_SENDMAIL, args, strict=False)), **kwargs}
    to: Any = given.get("to_addrs")
    addresses = list(to) if type(to) in _LISTS else [to]
    envelope = {"from": given.get("from_addr"), "to": addresses}
    return _call(server, envelope, given.get("msg"))


def _data(server: Any, args: Args, kwargs: Kwargs) -> Call | None:
    if is_claimed(_host_and_port(server)[0].lower()):
        return None  # sendmail has looked
    envelope = vars(server).pop(_ENVELOPE, None) or {}
    return _call(server, envelope, args[0] if args else kwargs.get("msg"))


def _answered(_server: Any, result: Any, share: Share) -> bool:
    """Note that the server refused the mail: ``data`` returns its answer."""
    refused = bool(result[0] != _ACCEPTED)
    if refused:
        share.failed()
    return refused


def _host_and_port(server: Any) -> tuple[str, int | None]:
    host, port = vars(server).get(_SERVER) or (getattr(server, "_host", ""), None)
    if not host or host.startswith("/"):  # LMTP over a socket file
        return "localhost", None
    return host, port


def _call(server: Any, envelope: dict[str, Any], mail: Any) -> Call:
    host, port = _host_and_port(server)
    parts = [Part("envelope", envelope)]
    unread = 0
    if isinstance(mail, (str, bytes)):
        if marked(mail) is not None:
            parts.append(Part("message", mail))
        found, unread = mail_parts(mail)
        parts += found
    protocol = "lmtp" if getattr(server, "ehlo_msg", "") == "lhlo" else "smtp"
    return Call(
        kind=semconv.EMAIL_SEND,
        destination=f"{protocol} {host}",
        host=host,
        port=port,
        method="",
        path="",
        parts=tuple(parts),
        attributes={"sst.unread": unread} if unread else {},
    )
