"""An outgoing call taken apart into leaves: every scalar with its path, key and object.

The tree handed to the client library and the bytes it made of it are read alike. Bounded in depth
and number; what was not read is said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, unquote_plus, urlsplit

from sst_otel.datatypes.forms import as_text
from sst_otel.literals import CONSTANTS
from sst_otel.matching.archives import MEMBER, members
from sst_otel.matching.claims import BEGINS, claims_in
from sst_otel.matching.decode import inflate, parse_json, text_of
from sst_otel.matching.multipart import multipart_fields
from sst_otel.matching.pairs import items_of, pair_name
from sst_otel.matching.parts import (
    BUFFERS,
    JSON_BEGINS,
    LISTS,
    MAX_BODY,
    MAX_LEAVES,
    TABLE,
    TEXTS,
    first_bytes,
    is_form,
    size_of_bytes,
    told_by,
    told_headers,
)
from sst_otel.matching.shown import HIDDEN_KEY, shown_key
from sst_otel.matching.tabular import table_rows
from sst_otel.matching.xml import Field, xml_fields
from sst_otel.registry.identity import IDS, MARKABLE, Mark, marked
from sst_otel.shares import Part

MAX_NODES = 4 * MAX_LEAVES
"""Objects that are opened; one that holds itself twice has no end and no leaf."""
MAX_DEPTH = 60

URL = "url"
"""Place of a whole URL that the application put together itself."""


Place = str | tuple[Any, str | int]
"""A path, or the place around and a key or position in it: few leaves are ever asked for theirs."""


@dataclass(slots=True)
class Leaf:
    """One scalar of a payload."""

    place: Place
    key: str
    """The field's name as sent; for list items that of the list."""
    group: tuple[int, ...]
    """Numbers of the objects around it, outermost first; the last is its own object."""
    text: str
    mark: Mark | None = None
    """What the identity table says of the object itself."""
    structured: bool = True
    """False for running text (a header, a raw body), where weak values are never looked for."""
    folded: str | None = None
    """The text's phrase, None = not folded yet."""
    constant: Any = None
    """The object itself where it is a constant of the application's source, None = it is not."""
    encoded: bool = False
    """Whether it was read in a token's claims or other JSON in base64."""

    @property
    def path(self) -> str:
        """``body.user_data.em``, ``url.query.email``; keys that could be personal are ``{key}``."""
        place, pieces = self.place, []
        while not isinstance(place, str):
            place, inner = place
            pieces.append(f"[{inner}]" if type(inner) is int else f".{shown_key(str(inner))}")
        return place + "".join(reversed(pieces))


class Leaves:
    """The leaves of one call, with the budget that they share.

    ``followed``: only those whose own object the identity table knows.
    """

    def __init__(self, followed: bool = False) -> None:
        self._followed = followed
        self.leaves: list[Leaf] = []
        self.unread = 0
        """Parts or bytes left out by a budget."""
        self.opened: list[str] = []
        """Texts that were read as the JSON they are: their leaves stand for them."""
        self._groups = 0
        self._nodes = 0
        self._encoded = False

    def add_parts(self, parts: Iterable[Part]) -> None:
        """Read parts one after the other."""
        for part in parts:
            self.add_part(part)

    def add_part(self, part: Part) -> None:
        """Read one part, by where it stands and what it is."""
        where, value = part.where, part.value
        if value is None:
            return
        if where == "url":
            self._add_url(value)
        elif where == "headers":
            self._add_headers(value)
        elif where.startswith(TABLE):
            table = where.partition(":")[2]
            self._add_tree(shown_key(table), table, value, (self._group(),), 0)
        elif (size := size_of_bytes(value)) is not None:
            self._add_bytes(where, first_bytes(value), marked(value))
            self.unread += size > MAX_BODY
        elif type(value) is str and where in TEXTS:
            self._add_text(where, value[:MAX_BODY], (self._group(),), marked(value))
            self.unread += len(value) > MAX_BODY
        else:
            self._add_tree(where, where, value, (self._group(),), 0)

    def _group(self) -> int:
        self._groups += 1
        return self._groups

    def _add(
        self,
        place: Place,
        key: str,
        group: tuple[int, ...],
        text: str,
        mark: Mark | None = None,
        structured: bool = True,
        constant: Any = None,
    ) -> None:
        if len(self.leaves) >= MAX_LEAVES:
            self.unread += 1
            return
        leaf = Leaf(place, key, group, text, mark, structured, None, constant, self._encoded)
        self.leaves.append(leaf)
        if BEGINS in text and not self._encoded:
            self._encoded = True
            for claims in claims_in(text):
                self._add_tree(place, key, claims, group, 1)
            self._encoded = False

    def _add_url(self, url: str) -> None:
        group = (self._group(),)
        mark = marked(url)
        if mark is not None:
            self._add(URL, "", group, unquote_plus(url), mark, False)
        parts = urlsplit(url)
        if parts.path not in ("", "/"):
            self._add("url.path", "", group, unquote(parts.path), None, False)
        for name, value in parse_qsl(parts.query, keep_blank_values=False, errors="replace"):
            self._add(f"url.query.{shown_key(name)}", name, group, value)
            self._add_key("url.query", name, group)

    def _add_headers(self, headers: list[tuple[str, Any]]) -> None:
        group = (self._group(),)
        for name, text in told_headers(headers):
            if name.lower() == "cookie":
                for pair in text.split(";"):
                    key, _, content = pair.strip().partition("=")
                    self._add(f"cookie.{shown_key(key)}", key, group, content)
            else:
                place, told = f"header.{shown_key(name)}", told_by(name, text)
                self._add(place, name, group, told, marked(text), False)

    def _add_bytes(self, where: str, body: bytes, mark: Mark | None) -> None:
        if not body:
            return
        content = inflate(body)
        group = (self._group(),)
        fields = multipart_fields(content)
        if fields is not None:
            for name, value, file_name in fields:
                place = f"{where}.{shown_key(name)}"
                self._add_content(place, value, group, None, name)
                if file_name:
                    self._add((place, "filename"), "filename", group, file_name, None, False)
            return
        self._add_content(where, content, group, mark)

    def _add_content(
        self, where: str, content: bytes, group: tuple[int, ...], mark: Mark | None, key: str = ""
    ) -> None:
        """Read bytes that are an archive of documents, or one."""
        if content[:4] != MEMBER:
            self._add_text(where, text_of(content), group, mark, key)
            return
        for name, document in members(content):
            place = f"{where}.{shown_key(name.rpartition('/')[2].partition('.')[0])}"
            self._add_text(place, text_of(document), (*group, self._group()), None)

    def _add_text(
        self, where: str, text: str, group: tuple[int, ...], mark: Mark | None, key: str = ""
    ) -> None:
        """Read a text that may be JSON, a form, or just text."""
        if text.lstrip()[:1] in JSON_BEGINS:
            tree = parse_json(text)
            if isinstance(tree, (dict, list, str)):
                if mark is not None:  # a document that the application composed itself
                    self._add(where, key, group, text, mark, False)
                unread = self.unread
                self.opened.append(text)
                self._add_tree(where, key, tree, group, 0)
                if self.unread > unread:  # too deep: what the tree has not shown, the text has
                    self._add(where, key, group, text, None, False)
                return
        if not key and is_form(text):
            pairs = parse_qsl(text, errors="replace")
            if pairs:
                if mark is not None:
                    self._add(where, key, group, text, mark, False)
                for name, value in pairs:
                    self._add_text(f"{where}.{shown_key(name)}", value, group, None, name)
                    self._add_key(where, name, group)
                return
        fields = xml_fields(text) if text.lstrip()[:1] == "<" else None
        if fields is not None:
            if mark is not None:
                self._add(where, key, group, text, mark, False)
            self.opened.append(text)
            self._add_xml(where, fields, group)
            return
        table = table_rows(text) if "\n" in text else None
        if table is not None:
            self._add_table(where, *table, group)
        self._add(where, key, group, text, mark, bool(key))

    def _add_table(
        self, where: str, header: list[str], rows: list[list[str]], group: tuple[int, ...]
    ) -> None:
        """Read the rows of an export, each as an object of its own."""
        for position, row in enumerate(rows):
            inner = (*group, self._group())
            for name, value in zip(header, row, strict=False):
                self._add(((where, position), name), name, inner, value)

    def _add_xml(self, where: str, fields: list[Field], group: tuple[int, ...]) -> None:
        """Read the elements of a document, each as an object of its own."""
        numbers: dict[int, int] = {}
        for field in fields:
            place: Place = where
            for name in field.path:
                place = (place, name)
            for element in field.objects:
                if element not in numbers:
                    numbers[element] = self._group()
            inner = (*group, *(numbers[element] for element in field.objects))
            self._add(place, field.path[-1].removeprefix("@"), inner, field.text)

    def _add_key(self, place: Place, key: str, group: tuple[int, ...]) -> None:
        """Read a key as a value: a payload keyed by a personal value shares it too."""
        if len(key) > 5 and not (key.isascii() and key.isidentifier()):
            self._add((place, HIDDEN_KEY), "", group, key, None, False)

    def _add_tree(
        self, place: Place, key: str, value: Any, group: tuple[int, ...], depth: int
    ) -> None:
        kind = type(value)
        self._nodes += 1
        if self._followed and kind in MARKABLE and id(value) not in IDS:
            return
        if kind is str:
            self._add_string(place, key, value, group, depth)
        elif value is None or kind is bool:
            return
        elif kind is int or kind is float:
            constant = CONSTANTS.get(id(value))
            self._add(place, key, group, as_text(value), marked(value), True, constant)
        elif kind is bytes:
            self._add(place, key, group, text_of(inflate(value[:MAX_BODY])), marked(value))
        elif kind in MARKABLE:
            self._add(place, key, group, str(value), marked(value))
        elif issubclass(kind, str):  # Markup, an enumeration's member
            self._add_string(place, key, str.__str__(value), group, depth)
        elif kind in BUFFERS and (mark := marked(value)) is not None and not value.closed:
            self._add(place, key, group, text_of(value.getvalue()[:MAX_BODY]), mark, False)
        elif depth >= MAX_DEPTH:
            self.unread += 1
        elif issubclass(kind, dict):  # asks the type: isinstance may ask the object
            inner = (*group, self._group())
            told = pair_name(value) if dict.__contains__(value, "value") else ""
            for name, item in items_of(value):
                key = told if told and name == "value" else name
                self._add_tree((place, name), key, item, inner, depth + 1)
                if not self._followed:
                    self._add_key(place, name, inner)
                if len(self.leaves) >= MAX_LEAVES or self._nodes > MAX_NODES:
                    self.unread += 1
                    return
        elif kind in LISTS:
            for position, item in enumerate(value):
                self._add_tree((place, position), key, item, group, depth + 1)
                if len(self.leaves) >= MAX_LEAVES or self._nodes > MAX_NODES:
                    self.unread += 1
                    return

    def _add_string(
        self, place: Place, key: str, value: str, group: tuple[int, ...], depth: int
    ) -> None:
        mark = marked(value)
        if mark is None and len(value) > 8 and value[0] in "{[" and depth < MAX_DEPTH:
            nested = parse_json(value)
            if isinstance(nested, (dict, list)):
                self.opened.append(value)
                self._add_tree(place, key, nested, group, depth + 1)
                return
        self._add(place, key, group, value[:MAX_BODY], mark, True, CONSTANTS.get(id(value)))
