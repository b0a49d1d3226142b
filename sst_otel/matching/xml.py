"""Fields of an XML document: elements and attributes, with where they stand.

Expat alone, which fetches nothing. A document type is where entities are declared that grow without
bound or name files: such a document is read as plain text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.parsers import expat  # nosec: no entity is ever declared

MAX_DEPTH = 60
MAX_FIELDS = 20_000
_LONGEST_NAME = 60
_FEWEST_DIGITS = 5
_NAMES = frozenset({"name", "key"})
_VALUES = frozenset({"value", "string"})
"""Beside a name: of a member (XML-RPC), an entry (SOAP's maps), a property list."""


@dataclass(slots=True)
class Field:
    """One attribute, or the text of one element."""

    path: tuple[str, ...]
    """Names from the root on, without prefixes; an attribute's begins with ``@``."""
    objects: tuple[int, ...]
    """Numbers of the elements around it, outermost first.

    A text's own element is among them where an attribute of it may tell whose it is.
    """
    text: str
    told: str = ""
    """What the elements beside it call it: ``<name>email</name><value>…</value>``."""


class _TooMuch(Exception):
    """Not a document that is read."""


@dataclass(slots=True)
class _Reader:
    fields: list[Field] = field(default_factory=list)
    _path: list[str] = field(default_factory=list)
    _objects: list[int] = field(default_factory=list)
    _texts: list[list[str]] = field(default_factory=list)
    _telling: list[bool] = field(default_factory=list)
    _names: list[str] = field(default_factory=list)
    _count: int = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._path) >= MAX_DEPTH or len(self.fields) >= MAX_FIELDS:
            raise _TooMuch
        self._count += 1
        self._path.append(_plain(name))
        self._objects.append(self._count)
        self._texts.append([])
        self._names.append("")
        self._telling.append(any(map(_may_tell_whose, attributes.values())))
        for key, value in attributes.items():
            self._add((*self._path, "@" + _plain(key)), tuple(self._objects), value)

    def text(self, data: str) -> None:
        self._texts[-1].append(data)

    def end(self, _name: str) -> None:
        text = "".join(self._texts.pop()).strip()
        told = self._telling.pop()
        self._names.pop()
        path, objects = tuple(self._path), tuple(self._objects if told else self._objects[:-1])
        self._path.pop()
        self._objects.pop()
        if text:
            self._add(path, objects, text)
            if self._names and path[-1].lower() in _NAMES and len(text) <= _LONGEST_NAME:
                self._names[-1] = text

    def refuse(self, *_: object) -> None:
        raise _TooMuch

    def _add(self, path: tuple[str, ...], objects: tuple[int, ...], text: str) -> None:
        self.fields.append(Field(path, objects, text, self._told(path)))

    def _told(self, path: tuple[str, ...]) -> str:
        """Return the name beside the innermost element that a name stands before."""
        for depth in range(min(len(path) - 1, len(self._names)) - 1, -1, -1):
            if self._names[depth]:
                return self._names[depth] if path[depth + 1].lower() in _VALUES else ""
        return ""


def xml_fields(text: str) -> list[Field] | None:
    """Return the fields of an XML document in the order of their ends; None for any other text."""
    if not text.lstrip("\ufeff \t\r\n").startswith("<"):
        return None
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.EntityDeclHandler = reader.refuse
    parser.StartElementHandler = reader.start
    parser.CharacterDataHandler = reader.text
    parser.EndElementHandler = reader.end
    try:
        parser.Parse(text, True)
    except (expat.ExpatError, _TooMuch, UnicodeEncodeError):
        return None
    return reader.fields or None


def _may_tell_whose(attribute: str) -> bool:
    """Whether an attribute is more than the kind of what the element holds: ``type="work"``."""
    return "@" in attribute or sum(map(str.isdigit, attribute[:_LONGEST_NAME])) >= _FEWEST_DIGITS


def _plain(name: str) -> str:
    return name.rpartition(":")[2]
