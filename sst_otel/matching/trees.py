"""Object trees taken apart into leaves, within a budget."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from typing import Any, TypeVar

from sst_otel.datatypes.forms import as_text
from sst_otel.literals import CONSTANTS
from sst_otel.matching.claims import BEGINS, DOCUMENTS, claims_in, document_in
from sst_otel.matching.compression import Budget
from sst_otel.matching.decode import parse_json, text_of
from sst_otel.matching.flat import BUFFERS, LISTS
from sst_otel.matching.leaf import Leaf, Place
from sst_otel.matching.lines import json_lines
from sst_otel.matching.pairs import items_of, pair_name
from sst_otel.matching.parts import MAX_BODY, MAX_LEAVES
from sst_otel.matching.rows import (
    Cell,
    Table,
    form_rows,
    has_rows,
    header_of,
    table_of,
    tells_a_person,
)
from sst_otel.matching.shown import HIDDEN_KEY
from sst_otel.matching.sieve import Sieve
from sst_otel.matching.tabular import table_rows
from sst_otel.registry.identity import IDS, MARKABLE, Mark, marked

MAX_NODES = 4 * MAX_LEAVES
"""Objects that are opened; one that holds itself twice has no end and no leaf."""
MAX_DEPTH = 60
_SHORTEST_CODE = 11
"""Letters of a document in base64."""
_MAX_CODES = 2
"""How often base64 is opened that stands in base64."""

Row = TypeVar("Row", int, str)


class Trees(ABC):
    """The leaves of one call, with the budget that they share.

    ``followed``: only those whose own object the identity table knows. ``sieve`` tells which
    members of long lists are read.
    """

    def __init__(
        self,
        followed: bool = False,
        sieve: Sieve | None = None,
        budget: Budget | None = None,
    ) -> None:
        self._followed = followed
        self._sieve = sieve
        self.leaves: list[Leaf] = []
        self.unread = 0
        """Parts or bytes left out by a budget."""
        self.opened: list[str] = []
        """Texts that were read as the JSON they are: their leaves stand for them."""
        self._budget = budget or Budget()
        self._groups = 0
        self._nodes = 0
        self._codes = 0

    @abstractmethod
    def _add_bytes(
        self, place: Place, body: bytes, group: tuple[int, ...], mark: Mark | None, key: str = ""
    ) -> None:
        """Read bytes that may be any kind of document."""

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
        leaf = Leaf(place, key, group, text, mark, structured, None, constant, self._codes > 0)
        self.leaves.append(leaf)
        if len(text) >= _SHORTEST_CODE and self._codes < _MAX_CODES:
            if BEGINS in text:
                self._codes += 1
                for claims in claims_in(text):
                    self._add_tree(place, key, claims, group, 1)
                self._codes -= 1
            elif text.startswith(DOCUMENTS):
                self._codes += 1
                self._add_bytes(place, document_in(text), group, None, key)
                self._codes -= 1

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
        if kind is str and self._followed:
            self._add(place, key, group, value[:MAX_BODY], marked(value))
        elif kind is str:
            self._add_string(place, key, value, group, depth)
        elif value is None or kind is bool:
            return
        elif kind is int or kind is float:
            constant = CONSTANTS.get(id(value))
            self._add(place, key, group, as_text(value), marked(value), True, constant)
        elif kind is bytes:
            self._add_bytes(place, value[:MAX_BODY], group, marked(value), key)
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
            table = None if self._followed else table_of(value)
            if table is not None or (not self._followed and has_rows(value)):
                self._add_batch(place, value, table, inner, depth)
                return
            told = pair_name(value) if dict.__contains__(value, "value") else ""
            for name, item, mark in items_of(value):
                key = told if told and name == "value" else name
                shown = name if mark is None else HIDDEN_KEY
                if not self._followed or id(item) in IDS or type(item) not in MARKABLE:
                    self._add_tree((place, shown), key, item, inner, depth + 1)
                if mark is not None:
                    self._add((place, HIDDEN_KEY), "", inner, name, mark)
                elif not self._followed:
                    self._add_key(place, name, inner)
                if len(self.leaves) >= MAX_LEAVES or self._nodes > MAX_NODES:
                    self.unread += 1
                    return
        elif kind in LISTS:
            header = header_of(value) if kind is list else None
            if header is not None:
                self._add_sheet(place, key, value, header, group, depth)
                return
            for position, item in self._members(value):
                inner = (*group, self._group()) if type(item) in LISTS else group
                self._add_tree((place, position), key, item, inner, depth + 1)
                if len(self.leaves) >= MAX_LEAVES or self._nodes > MAX_NODES:
                    self.unread += 1
                    return

    def _members(self, items: Collection[Any]) -> Iterator[tuple[int, Any]]:
        """Yield those of a list's members that have to be read, with their positions."""
        if self._sieve is None or not isinstance(items, (list, tuple)):
            yield from enumerate(items)
            return
        for position in self._sieve.kept(items):
            yield position, items[position]

    def _add_batch(
        self,
        place: Place,
        value: dict[Any, Any],
        table: Table | None,
        group: tuple[int, ...],
        depth: int,
    ) -> None:
        """Read an object whose members are the columns or the rows of a table."""
        told = pair_name(value) if dict.__contains__(value, "value") else ""
        items = list(items_of(value))
        if any([mark is not None or tells_a_person(name) for name, _, mark in items]):
            table = None  # people, and what belongs to each
        if table is not None:
            self._add_cells(place, table.cells, group, depth)
        names = [name for name, _, _ in items]
        rows = form_rows(names) if any(["[" in name for name in names]) else None
        numbers: dict[str, int] = {}
        for position, (name, item, mark) in enumerate(items):
            key = told if told and name == "value" else name
            inner = group
            if rows is not None and rows[position]:
                inner = (*group, self._row(rows[position], numbers))
            elif tells_a_person(name):
                inner = (*group, self._row(name, numbers))
            if table is None or name not in table.members:
                shown = name if mark is None else HIDDEN_KEY
                self._add_tree((place, shown), key, item, inner, depth + 1)
            if mark is not None:
                self._add((place, HIDDEN_KEY), "", inner, name, mark)
            elif not self._followed:
                self._add_key(place, name, inner)
            if self._is_full():
                return

    def _add_cells(
        self, place: Place, cells: list[Cell], group: tuple[int, ...], depth: int
    ) -> None:
        numbers: dict[int, int] = {}
        for row, name, way, item in cells:
            inner = place
            for step in way:
                inner = (inner, step)
            self._add_tree(inner, name, item, (*group, self._row(row, numbers)), depth + 1)
            if self._is_full():
                return

    def _add_sheet(
        self,
        place: Place,
        key: str,
        rows: list[Any],
        header: list[str],
        group: tuple[int, ...],
        depth: int,
    ) -> None:
        """Read a list of lists of which the first names the columns."""
        self._add_tree((place, 0), key, rows[0], (*group, -self._group()), depth + 1)
        for position, row in self._members(rows):
            if not position:
                continue
            inner = (*group, -self._group())
            for column, (name, cell) in enumerate(zip(header, row, strict=True)):
                self._add_tree(((place, position), column), name, cell, inner, depth + 1)
            if self._is_full():
                return

    def _row(self, row: Row, numbers: dict[Row, int]) -> int:
        """Return the group of a row: below zero, since who is in it is in what is around, too."""
        if row not in numbers:
            numbers[row] = -self._group()
        return numbers[row]

    def _is_full(self) -> bool:
        full = len(self.leaves) >= MAX_LEAVES or self._nodes > MAX_NODES
        self.unread += full
        return full

    def _add_string(
        self, place: Place, key: str, value: str, group: tuple[int, ...], depth: int
    ) -> None:
        mark = marked(value)
        if mark is None and len(value) > 8 and depth < MAX_DEPTH:
            nested, others = parse_json(value) if value[0] in "{[" else None, ""
            if "\n" in value and nested is None:
                lines = json_lines(value) if value[0] in "{[" else None
                nested, others = lines or (None, "")
                table = table_rows(value) if lines is None else None
                if table is not None:
                    self._add_table(place, *table, group)
            if isinstance(nested, (dict, list)):
                self.opened.append(value)
                self._add_tree(place, key, nested, group, depth + 1)
                if others:
                    self._add(place, key, group, others, None, False)
                return
        self._add(place, key, group, value[:MAX_BODY], mark, True, CONSTANTS.get(id(value)))

    def _add_table(
        self, where: Place, header: list[str], rows: list[list[str]], group: tuple[int, ...]
    ) -> None:
        """Read the rows of an export, each as an object of its own."""
        for position, row in self._members(rows):
            inner = (*group, self._group())
            for name, value in zip(header, row, strict=False):
                self._add(((where, position), name), name, inner, value)
