"""An outgoing call taken apart into leaves: every scalar with its path, key and object.

The tree handed to the client library and the bytes it made of it are read alike. Bounded in depth
and number; what was not read is said.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any
from urllib.parse import unquote, urlsplit

from sst_otel.matching.bodies import PLAIN, Head, head_of
from sst_otel.matching.decode import JSON_BEGINS
from sst_otel.matching.documents import Documents
from sst_otel.matching.escapes import form_pairs, unescaped
from sst_otel.matching.leaf import URL
from sst_otel.matching.mime import is_mail
from sst_otel.matching.parts import (
    MAX_BODY,
    TABLE,
    TEXTS,
    first_bytes,
    size_of_bytes,
    told_by,
    told_headers,
)
from sst_otel.matching.shown import shown_key
from sst_otel.registry.identity import marked
from sst_otel.shares import Part

_LONGEST_HEAD = 16_000


class Leaves(Documents):
    """The leaves of one call, with the budget that they share.

    ``followed``: only those whose own object the identity table knows.
    """

    def add_parts(self, parts: Iterable[Part]) -> None:
        """Read parts one after the other; what headers say of the body holds for all."""
        parts = tuple(parts)
        head = head_of(parts)
        for part in parts:
            self.add_part(part, head)

    def add_part(self, part: Part, head: Head = PLAIN) -> None:
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
            body, mark = first_bytes(value), marked(value)
            self._add_body(where, body, (self._group(),), mark, "", head, size > MAX_BODY)
            self.unread += size > MAX_BODY
        elif type(value) is str and where in TEXTS:
            text, mark = value[:MAX_BODY], marked(value)
            if is_mail(text[:_LONGEST_HEAD].encode("utf-8", "replace")):
                raw = text.encode("utf-8", "surrogateescape")
                self._add_body(where, raw, (self._group(),), mark, "", PLAIN)
            else:
                self._add_text(where, text, (self._group(),), mark)
            self.unread += len(value) > MAX_BODY
        else:
            self._add_tree(where, where, value, (self._group(),), 0)
        self.unread += self._budget.cut
        self._budget.cut = 0

    def _add_url(self, url: str) -> None:
        group = (self._group(),)
        mark = marked(url)
        if mark is not None:
            self._add(URL, "", group, unescaped(url, plus=True), mark, False)
        parts = urlsplit(url)
        if parts.path not in ("", "/"):
            self._add("url.path", "", group, unescaped(parts.path), None, False)
            if "+" in parts.path:  # a blank, to programs that use quote_plus()
                self.opened.append(unescaped(parts.path, plus=True))
            self._add_ids(parts.path, group)
        for name, value in form_pairs(parts.query):
            place = f"url.query.{shown_key(name)}"
            if value[:1] in JSON_BEGINS:
                self._add_text(place, value, group, None, name)
            else:
                self._add(place, name, group, value)
            self._add_key("url.query", name, group)

    def _add_ids(self, path: str, group: tuple[int, ...]) -> None:
        """Read ``/customers/u-48213`` as the field that it is: ``customer_id``."""
        segments = path.split("/")
        for noun, segment in pairwise(segments):
            if noun[-1:] == "s" and any(map(str.isdigit, segment)):
                self._add("url.path", f"{noun[:-1]}_id", group, unquote(segment))

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
