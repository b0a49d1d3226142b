"""``email.message``: what a mail was composed of, which serialising turns into other objects.

Flask-Mail, Django and most programs compose with it. Values that are known by identity only (a
number, a derived sentence) are remembered with the message, and with the text it is made into.
"""

from __future__ import annotations

from email.message import Message
from typing import Any

from sst_otel.beside import noting, watching
from sst_otel.lineage.carriers import hold, is_carrier
from sst_otel.patching import Patches
from sst_otel.registry.identity import mark, marked
from sst_otel.scope import current_scope
from sst_otel.shares import Part
from sst_otel.sinks.given import Given
from sst_otel.sinks.mime import MAX_MIME_PARTS
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.wrapping import Args, Kwargs

_PLACE = "sink.smtp"
_given = Given()


def watch_messages(patches: Patches, emit: Outgoing) -> None:
    """Remember what messages are composed of."""
    for path, note in (
        ("Message.__setitem__", _header),
        ("Message.set_payload", _content),
        ("MIMEPart.set_content", _content),
    ):
        patches.wrap("email.message", path, noting(_PLACE, note, emit.idle))
    for name in ("as_string", "as_bytes"):
        patches.wrap("email.message", f"Message.{name}", watching(_PLACE, _serialised, emit.idle))


def composed_of(message: Any) -> list[Part]:
    """Return what a message and the parts of it were given; nothing for other objects."""
    if not isinstance(message, Message):
        return []
    parts: list[Part] = []
    for number, piece in enumerate(message.walk()):
        if number >= MAX_MIME_PARTS:
            break
        parts += _given.to(piece)
    return parts


def _header(message: Any, args: Args, _kwargs: Kwargs) -> None:
    entry = marked(args[1]) if len(args) > 1 and type(args[0]) is str else None
    if entry is not None:
        _given.note(message, Part("message", {args[0]: args[1]}))
        if is_carrier(type(message)):  # rewritten code asks the message what its text is made of
            hold(message, entry.data)


def _content(message: Any, args: Args, kwargs: Kwargs) -> None:
    content = args[0] if args else kwargs.get("payload")
    if marked(content) is not None:
        _given.note(message, Part("message", {"body": content}))


def _serialised(message: Any, text: Any, _args: Args, _kwargs: Kwargs) -> None:
    values = (value for part in composed_of(message) for value in part.value.values())
    found = [entry for entry in map(marked, values) if entry is not None]
    data = tuple(dict.fromkeys(datum for entry in found for datum in entry.data))
    mark(text, data, current_scope(), composed=True)
