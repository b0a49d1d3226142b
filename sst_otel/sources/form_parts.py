"""Forms in parts that a WSGI application has had parsed without a framework that we know.

By ``cgi.FieldStorage`` (of the standard library up to Python 3.12, of ``legacy-cgi`` from there on)
and classes made of it, or by Werkzeug's parser.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sst_otel.beside import watching
from sst_otel.patching import Patches
from sst_otel.scope import current_scope
from sst_otel.sources.web_bodies import BODY
from sst_otel.suppress import is_suppressed

_PLACE = "source.form_parts"
_LONGEST = 100_000
"""Bytes or characters of a field that are read where the parser has put it into a file."""


def install() -> Patches:
    """Watch both parsers."""
    patches = Patches(_PLACE)
    patches.wrap("cgi", "FieldStorage.read_multi", watching(_PLACE, _stored))
    patches.wrap(
        "werkzeug.formparser", "MultiPartParser.parse", watching(_PLACE, _parsed), optional=True
    )
    return patches


def _stored(storage: Any, *_: Any) -> None:
    body = current_scope().state.get(BODY)
    # A part that has parts itself is no form.
    if body is not None and not storage.outerboundary and not is_suppressed():
        fields = [field for field in storage.list if field.name and not field.filename]
        files = [field for field in storage.list if field.name and field.filename]
        body.parts(_texts(fields), [(field.name, field.type or "", field.file) for field in files])


def _texts(fields: list[Any]) -> Iterator[tuple[str, str]]:
    for field in fields:
        value = field.value if field.file is None else _read(field.file)
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if isinstance(value, str):
            yield field.name, value


def _read(stream: Any) -> Any:
    position = stream.tell()
    try:
        return stream.read(_LONGEST)
    finally:
        stream.seek(position)


def _parsed(_: Any, found: Any, *__: Any) -> None:
    body = current_scope().state.get(BODY)
    if body is not None and not is_suppressed():
        form, files = found
        uploads = [
            (name, each.mimetype or "", each.stream) for name, each in files.items(multi=True)
        ]
        body.parts(list(form.items(multi=True)), uploads)
