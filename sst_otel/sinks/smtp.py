"""smtplib: mails as they are handed to a mail server, with the addresses they are to go to.

``sendmail`` is what ``send_message``, Flask-Mail and Django end in. Programs that speak the
protocol step by step (``mail``, ``rcpt``, ``data``) are looked at in ``data``. No OpenTelemetry
instrumentation makes spans here: the client span is ours.
"""

from __future__ import annotations

from email.utils import parseaddr
from typing import Any

from sst_otel import semconv
from sst_otel.beside import noting
from sst_otel.patching import Patches, named_arguments
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
    patches.wrap("smtplib", "SMTP.mail", noting(_PLACE, note_sender, emit.idle))
    patches.wrap("smtplib", "SMTP.rcpt", noting(_PLACE, note_addressee, emit.idle))
    patches.wrap("smtplib", "SMTP.data", door(_PLACE, emit, _data, None, _answered))
    patches.wrap("smtplib", "SMTP.sendmail", door(_PLACE, emit, _sendmail))
    patches.wrap("smtplib", "SMTP.send_message", layer(_PLACE, emit, message_layer))
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


def note_sender(server: Any, args: Args, kwargs: Kwargs) -> None:
    """Begin the envelope of a program that speaks the protocol step by step."""
    if not is_claimed():
        sender = args[0] if args else kwargs.get("sender")
        vars(server)[_ENVELOPE] = {"from": sender, "to": []}


def note_addressee(server: Any, args: Args, kwargs: Kwargs) -> None:
    """Add an address to the envelope."""
    envelope = vars(server).get(_ENVELOPE)
    if envelope is not None and len(envelope["to"]) < _MOST_ADDRESSES:
        envelope["to"].append(args[0] if args else kwargs.get("recip", kwargs.get("recipient")))


def message_layer(_server: Any, args: Args, kwargs: Kwargs) -> Layer:
    """Return what the message was composed of that is sent."""
    message = args[0] if args else kwargs.get("msg", kwargs.get("message"))
    return Layer(parts=tuple(composed_of(message)))


def _sendmail(server: Any, args: Args, kwargs: Kwargs) -> Call | None:
    given = named_arguments(_SENDMAIL, args, kwargs)
    envelope = envelope_to(given.get("from_addr"), given.get("to_addrs"))
    return _call(server, envelope, given.get("msg"))


def envelope_to(sender: Any, addresses: Any) -> dict[str, Any]:
    """Return an envelope; ``addresses``: one, or several in any of the common containers."""
    return {"from": sender, "to": list(addresses) if type(addresses) in _LISTS else [addresses]}


def _data(server: Any, args: Args, kwargs: Kwargs) -> Call | None:
    if is_claimed(_host_and_port(server)[0].lower()):
        return None  # sendmail has looked
    return _call(server, taken_envelope(server), args[0] if args else kwargs.get("msg"))


def taken_envelope(server: Any) -> dict[str, Any]:
    """Return the envelope that was made step by step, and forget it."""
    return vars(server).pop(_ENVELOPE, None) or {}


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
    protocol = "lmtp" if getattr(server, "ehlo_msg", "") == "lhlo" else "smtp"
    return mail_call(protocol, host, port, envelope, mail)


def _on_the_wire(envelope: dict[str, Any]) -> dict[str, Any]:
    """Return an envelope as servers are told it: without the names beside addresses."""
    return {
        key: [*map(_address, given)] if type(given) is list else _address(given)
        for key, given in envelope.items()
    }


def _address(given: Any) -> Any:
    if not isinstance(given, str) or "<" not in given:
        return given
    return parseaddr(str.__str__(given))[1] or given


def mail_call(
    protocol: str, host: str, port: int | None, envelope: dict[str, Any], mail: Any
) -> Call:
    """Return the call that hands a mail, a text or bytes, to a server."""
    parts = [Part("envelope", _on_the_wire(envelope))]
    unread = 0
    if isinstance(mail, (str, bytes)):
        if marked(mail) is not None:
            parts.append(Part("message", mail))
        found, unread = mail_parts(mail)
        parts += found
    return Call(
        kind=semconv.EMAIL_SEND,
        destination=f"{protocol} {host}",
        host=host,
        port=port,
        parts=tuple(parts),
        attributes={semconv.UNREAD: unread} if unread else {},
    )
