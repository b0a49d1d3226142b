"""aiosmtplib: mails of asyncio's programs, fastapi-mail's among them; as of smtplib otherwise."""

from __future__ import annotations

from typing import Any

from sst_otel.beside import noting
from sst_otel.patching import Patches, named_arguments
from sst_otel.shares import Call
from sst_otel.sinks.claims import is_claimed
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.smtp import (
    envelope_to,
    mail_call,
    message_layer,
    note_addressee,
    note_sender,
    taken_envelope,
)
from sst_otel.sinks.wrapping import Args, Kwargs, async_door, async_layer

_PLACE = "sink.aiosmtplib"
_SENDMAIL = ("sender", "recipients", "message")
_LOCAL = "localhost"


def install(emit: Outgoing) -> Patches:
    """Watch the mails that leave through aiosmtplib."""
    patches = Patches(_PLACE)
    for path, wrapper in (
        ("SMTP.mail", noting(_PLACE, note_sender, emit.idle)),
        ("SMTP.rcpt", noting(_PLACE, note_addressee, emit.idle)),
        ("SMTP.data", async_door(_PLACE, emit, _data)),
        ("SMTP.sendmail", async_door(_PLACE, emit, _sendmail)),
        ("SMTP.send_message", async_layer(_PLACE, emit, message_layer)),
    ):
        patches.wrap("aiosmtplib.smtp", path, wrapper)
    return patches


def _sendmail(server: Any, args: Args, kwargs: Kwargs) -> Call:
    given = named_arguments(_SENDMAIL, args, kwargs)
    envelope = envelope_to(given.get("sender"), given.get("recipients"))
    return _call(server, envelope, given.get("message"))


def _data(server: Any, args: Args, kwargs: Kwargs) -> Call | None:
    if is_claimed(_host_of(server).lower()):
        return None  # sendmail has looked
    return _call(server, taken_envelope(server), args[0] if args else kwargs.get("message"))


def _host_of(server: Any) -> str:
    """Return the name that was asked for; a socket of the program's own, or a file, has none."""
    host = getattr(server, "hostname", None)
    return host if type(host) is str and host else _LOCAL


def _call(server: Any, envelope: dict[str, Any], mail: Any) -> Call:
    port = getattr(server, "port", None)
    return mail_call("smtp", _host_of(server), port if type(port) is int else None, envelope, mail)
