"""Documents: JSON, pickle, CSV, XML, e-mail, buffers, and copies of trees."""

from __future__ import annotations

import gc
import io
from collections.abc import Mapping
from types import BuiltinMethodType
from typing import Any

from sst_otel.lineage import carriers, marks, refine
from sst_otel.lineage.functions.files import BUFFERS, beneath
from sst_otel.lineage.functions.rules import (
    Follow,
    by_result,
    encodes,
    listed_characters,
    nothing,
    pieces,
    serialises,
    templated,
)
from sst_otel.lineage.put_away import put_away, write_down
from sst_otel.lineage.scanning import fields_of, module_of, name_of, scan_all
from sst_otel.registry.identity import marked

_FILES = frozenset({io.BufferedWriter, io.BufferedRandom, io.TextIOWrapper})


def _written(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``buffer.write(text)``, ``buffer.writelines(…)``."""
    sources = scan_all(args[1:], into_objects=True)
    if not sources:
        return
    target = beneath(args[0])
    if target is not None:
        carriers.hold(target, marks.data_of(sources))
    if type(args[0]) in _FILES:
        carriers.hold(args[0], marks.data_of(sources))
        for source in sources:
            write_down(source)


def _opened(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``io.StringIO(text)``."""
    sources = marks.found((*args, *kwargs.values()))
    if sources and type(result) in BUFFERS:
        carriers.hold(result, marks.data_of(sources), sources[0].composed)


def _read(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``buffer.getvalue()``, ``buffer.read()``: all of it, or what the piece shows."""
    source = marked(args[0])
    if source is None:
        return
    if type(result) is list:
        pieces("read")(result, args[:1], {})
    elif type(result) in marks.TEXTS:
        marks.keep(result, source.data, composed=source.composed or len(source.data) > 1)


def _cut_off(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``buffer.truncate(0)``: what it held is gone."""
    if result == 0 and type(args[0]) in BUFFERS:
        carriers.let_go(args[0])


BUFFER: dict[str, Follow] = {
    "truncate": _cut_off,
    **dict.fromkeys(("write", "writelines"), _written),
    **dict.fromkeys(("getvalue", "read"), _read),
    **dict.fromkeys(("readline", "readlines"), pieces("readline")),
}


def _row_written(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``writer.writerow(row)``: the buffer below the writer holds it."""
    writer, rows = args[0], [*args[1:], *kwargs.values()]
    if name_of(type(writer)) == "DictWriter":
        fields = fields_of(writer)
        rows = _columns(rows, fields.get("fieldnames"))
        writer = fields.get("writer")
    target = _buffer_of(writer)
    sources = scan_all(rows, into_objects=True)
    if target is not None and sources:
        carriers.hold(target, marks.data_of(sources))


def _columns(rows: list[Any], names: Any) -> list[Any]:
    """Return what a ``DictWriter`` takes of rows: the columns it knows."""
    if type(names) not in (list, tuple):
        return rows
    taken: list[Any] = []
    for row in rows:
        if issubclass(type(row), dict):
            taken += [dict.get(row, name) for name in names]
        elif type(row) in (list, tuple):
            taken += _columns(list(row), names)
        else:
            taken.append(row)
    return taken


def _buffer_of(user: Any) -> Any:
    """Return the buffer that a CSV writer or reader was made with; None for files.

    They have no attribute for it. A writer keeps the buffer's ``write``, a reader the buffer as its
    iterator; the garbage collector can see both.
    """
    for held in gc.get_referents(user):
        owner = held.__self__ if type(held) is BuiltinMethodType else held
        found = beneath(owner)
        if found is not None:
            return found
    return None


def rows_read(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``next(reader)``, ``list(reader)``: rows of the text in the buffer; ``list(text)``."""
    listed_characters(result, args, kwargs)
    reader = args[0] if args else None
    kind = type(reader)
    if name_of(kind) == "DictReader" and module_of(kind) == "csv":
        reader = fields_of(reader).get("reader")
    elif module_of(kind) != "_csv":
        return
    source = marked(_buffer_of(reader))
    if source is not None:
        refine.Leaves([source], "read", [source]).visit(result)


def _printed(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``print(…, file=buffer)``."""
    _written(None, (kwargs.get("file"), *args), {})


def _archived(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``archive.writestr(name, data)``."""
    _written(None, (fields_of(args[0]).get("fp"), *args[1:], *kwargs.values()), {})


def _message(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``message.set_content(text)``, ``message.attach(part)``: the message holds it."""
    sources = scan_all((*args[1:], *kwargs.values()), into_objects=True)
    if sources and carriers.is_carrier(type(args[0])):
        carriers.hold(args[0], marks.data_of(sources))


def _configuration(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``config.write(buffer)``."""
    if len(args) > 1 and type(args[1]) in BUFFERS:
        sources = scan_all(args[:1], into_objects=True)
        carriers.hold(args[1], marks.data_of(sources))


def _put_away(rule: Follow) -> Follow:
    """Return ``rule`` for a document that may come back from a cache, a queue or a file."""

    def follow(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        rule(result, args, kwargs)
        put_away(result)

    return follow


_TEXT = _put_away(serialises)
_CODE = _put_away(encodes())
ROWS: dict[str, Follow] = dict.fromkeys(("writerow", "writerows"), _row_written)
_JSON: dict[str, Follow] = {"dumps": _TEXT, "loads": pieces("loads"), "load": pieces("load")}
_BINARY: dict[str, Follow] = {"dumps": _CODE, "loads": pieces("loads")}

RULES: dict[str, dict[str, Follow]] = {
    "builtins": {**dict.fromkeys(("next", "list"), rows_read), "print": _printed},
    "json": _JSON,
    "simplejson": _JSON,
    "ujson": _JSON,
    "rapidjson": _JSON,
    "flask.json": _JSON,
    "orjson": _JSON,
    "pickle": _BINARY,
    "marshal": _BINARY,
    "copy": {"copy": pieces("copy"), "deepcopy": pieces("deepcopy")},
    "dataclasses": {
        "asdict": pieces("asdict"),
        "astuple": pieces("astuple"),
        "replace": pieces("replace"),
    },
    "io": {"StringIO": _opened, "BytesIO": _opened},
    "csv": dict.fromkeys(("writer", "DictWriter"), nothing),
    "configparser": {"ConfigParser": nothing},
    "xml.etree.ElementTree": {
        "tostring": serialises,
        **dict.fromkeys(("fromstring", "XML"), pieces("fromstring")),
        "SubElement": nothing,
        "Element": nothing,
    },
    "email.mime.text": {"MIMEText": by_result("MIMEText")},
    "plistlib": {"dumps": _TEXT, "loads": pieces("loads")},
    "tomllib": {"loads": pieces("loads")},
    "yaml": {
        **dict.fromkeys(("dump", "safe_dump"), _TEXT),
        **{name: pieces(name) for name in ("load", "safe_load")},
    },
    "msgpack": {
        **dict.fromkeys(("packb", "dumps"), _CODE),
        **{name: pieces(name) for name in ("unpackb", "loads")},
    },
    "msgspec.json": {"encode": _TEXT, "decode": pieces("decode")},
    "msgspec": {"to_builtins": pieces("to_builtins"), "convert": pieces("convert")},
    "cbor2": {"dumps": _CODE, "loads": pieces("loads")},
    "jwt": {"encode": encodes(), "decode": pieces("decode")},
    "jwt.api_jwt": {"encode": encodes(), "decode": pieces("decode")},
}
METHODS: dict[str, dict[str, Follow]] = {
    "csv.DictWriter": ROWS,
    "gzip.GzipFile": {"write": _written},
    "json.encoder.JSONEncoder": {"encode": _TEXT},
    "json.decoder.JSONDecoder": {"decode": pieces("decode")},
    "jwt.api_jwt.PyJWT": {"encode": encodes(), "decode": pieces("decode")},
    "itsdangerous.serializer.Serializer": {"dumps": encodes(), "loads": pieces("loads")},
    "zipfile.ZipFile": {"writestr": _archived},
    "email.message.MIMEPart": {
        **dict.fromkeys(("set_content", "add_alternative", "add_attachment"), _message),
        **dict.fromkeys(("as_string", "as_bytes"), templated),
    },
    "email.message.EmailMessage": {"set_content": _message},
    "email.message.Message": {
        **dict.fromkeys(("attach", "set_payload", "add_header"), _message),
        "as_string": templated,
        "as_bytes": templated,
    },
    "configparser.RawConfigParser": {"get": by_result("get"), "write": _configuration},
}
