"""Documents of every kind that bodies are: which one it is, and its fields."""

from __future__ import annotations

from typing import Any

from sst_otel.matching.archives import MEMBER, members
from sst_otel.matching.bodies import PLAIN, Head, content_of
from sst_otel.matching.decode import JSON_BEGINS, is_binary, parse_json, text_of
from sst_otel.matching.escapes import form_pairs
from sst_otel.matching.leaf import Place
from sst_otel.matching.lines import json_lines
from sst_otel.matching.mime import MailPart, mail_parts
from sst_otel.matching.msgpack import msgpack_tree
from sst_otel.matching.multipart import multipart_fields
from sst_otel.matching.parts import is_form
from sst_otel.matching.pdf import BEGINS, address_pieces, pdf_lines
from sst_otel.matching.protobuf import grpc_messages, protobuf_tree
from sst_otel.matching.rows import form_rows
from sst_otel.matching.sheets import is_told_by_rows, is_workbook, sheets
from sst_otel.matching.tabular import table_rows
from sst_otel.matching.trees import Trees
from sst_otel.matching.xml import Field, xml_fields
from sst_otel.registry.identity import Mark

_MAX_LAYERS = 6
"""How deep documents are opened that stand in documents."""
_SHORTEST = 9
"""Characters of a document that stands in a field of another."""
_DOCUMENTS = frozenset("{[<")

Group = tuple[int, ...]


class Documents(Trees):
    """Reads bytes and texts as the documents they are."""

    _layers = 0
    """How many documents around are open."""

    def _add_bytes(
        self, place: Place, body: bytes, group: Group, mark: Mark | None, key: str = ""
    ) -> None:
        self._add_body(place, body, group, mark, key)

    def _add_body(
        self,
        place: Place,
        body: bytes,
        group: Group,
        mark: Mark | None,
        key: str,
        head: Head = PLAIN,
        cut: bool = False,
    ) -> None:
        """Read bytes; ``cut``: their end is missing."""
        if not body:
            return
        if self._layers >= _MAX_LAYERS:
            self.unread += 1
            return
        self._layers += 1
        content = content_of(body, head, self._budget)
        is_document = self._add_parts_of(place, content, group, head)
        if not is_document and (tree := _binary_tree(content, cut)) is not None:
            self._add_tree(place, key, tree, group, 0)
            is_document = True
        if not is_document:
            # The texts in a body of an unknown kind are no fields.
            key = "" if is_binary(content) else key
            self._add_text(place, text_of(content), group, mark, key)
        elif mark is not None:  # a document that the application composed itself
            self._add(place, key, group, text_of(content), mark, False)
        self._layers -= 1

    def _add_parts_of(self, place: Place, content: bytes, group: Group, head: Head) -> bool:
        """Read what consists of several documents; False for anything else."""
        fields = multipart_fields(content, head.content_type, self._budget)
        if fields is not None:
            rows, numbers = form_rows([field.name for field in fields]), dict[str, int]()
            for position, (field, row) in enumerate(zip(fields, rows, strict=True)):
                around = (*group, self._row(row, numbers)) if row and field.name else group
                inner: Place = (place, field.name or position)
                self._add_body(inner, field.content, around, None, field.name)
                if field.file_name:
                    name = field.file_name
                    self._add((inner, "filename"), "filename", around, name, None, False)
            return True
        if content[:4] == MEMBER:
            self._add_archive(place, content, group)
            return True
        if content[:5] == BEGINS:
            lines = pdf_lines(content, self._budget)
            for number, line in enumerate(lines):
                for piece in address_pieces(line):
                    self._add((place, number), "", group, piece)
            self._add(place, "", group, "\n".join(lines), None, False)
            return True
        mail = mail_parts(content)
        for part in mail or ():
            self._add_mail(place, part, group)
        if mail is not None:
            return True
        messages = grpc_messages(content) if content[:1] in (b"\0", b"\1") else None
        for position, message in enumerate(messages or ()):
            self._add_body((place, position), message, (*group, self._group()), None, "")
        return messages is not None

    def _add_archive(self, place: Place, content: bytes, group: Group) -> None:
        """Read the members of an archive; of a workbook's sheets, the rows."""
        documents = list(members(content, self._budget))
        book = dict(documents)
        told_by_rows = is_workbook(book)
        for name, header, rows in sheets(book) if told_by_rows else ():
            self._add_table((place, _stem(name)), header, rows, (*group, self._group()))
        for name, document in documents:
            if not (told_by_rows and is_told_by_rows(name)):
                inner = (place, _stem(name))
                self._add_body(inner, document, (*group, self._group()), None, "")

    def _add_mail(self, place: Place, part: MailPart, group: Group) -> None:
        inner = (place, part.name)
        if part.is_header or part.name == "html":  # its marks stand in the midst of sentences
            self._add(inner, part.name, group, str(part.content), None, False)
        elif isinstance(part.content, bytes):
            self._add_body(inner, part.content, group, None, "")
        else:
            self._add_text(inner, part.content, group, None)
        if part.file_name:
            self._add((inner, "filename"), "filename", group, part.file_name, None, False)

    def _add_text(
        self, where: Place, text: str, group: Group, mark: Mark | None, key: str = ""
    ) -> None:
        """Read a text that may be JSON, a form, or just text."""
        first = text.lstrip()[:1]
        if first in JSON_BEGINS and self._add_json(where, text, group, mark, key):
            return
        if not key and is_form(text):
            pairs = form_pairs(text)
            if pairs:
                if mark is not None:
                    self._add(where, key, group, text, mark, False)
                rows, numbers = form_rows([name for name, _ in pairs]), dict[str, int]()
                for (name, value), row in zip(pairs, rows, strict=True):
                    inner = (*group, self._row(row, numbers)) if row else group
                    self._add_text((where, name), value, inner, None, name)
                    self._add_key(where, name, inner)
                return
        fields = xml_fields(text) if first == "<" else None
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

    def _add_json(self, where: Place, text: str, group: Group, mark: Mark | None, key: str) -> bool:
        """Read a text that is JSON, or JSON line by line; False for any other."""
        tree: Any = parse_json(text)
        others = ""
        if not isinstance(tree, (dict, list, str)):
            found = json_lines(text) if "\n" in text or "\x1e" in text else None
            if found is None:
                return False
            tree, others = found
        if mark is not None:  # a document that the application composed itself
            self._add(where, key, group, text, mark, False)
        unread = self.unread
        self.opened.append(text)
        self._add_tree(where, key, tree, group, 0)
        if others:
            self._add(where, key, group, others, None, False)
        if self.unread > unread:  # too deep: what the tree has not shown, the text has
            self._add(where, key, group, text, None, False)
        return True

    def _add_xml(self, where: Place, fields: list[Field], group: Group) -> None:
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
            key = field.told or field.path[-1].removeprefix("@")
            if len(field.text) >= _SHORTEST and field.text[0] in _DOCUMENTS:
                self._add_inner(place, field.text, inner, key)
            else:
                self._add(place, key, inner, field.text)

    def _add_inner(self, place: Place, text: str, group: Group, key: str) -> None:
        """Read a document in a field of another."""
        if self._layers >= _MAX_LAYERS:
            self._add(place, key, group, text)
            return
        self._layers += 1
        self._add_text(place, text, group, None, key)
        self._layers -= 1


def _stem(name: str) -> str:
    """Return a member's name without folders and ending."""
    return name.rpartition("/")[2].partition(".")[0]


def _binary_tree(content: bytes, cut: bool) -> Any:
    """Return the fields of MessagePack or Protocol Buffers; None for any other body."""
    tree = msgpack_tree(content, cut)
    if tree is None and (content[:1] == b"\n" or is_binary(content)):
        tree = protobuf_tree(content)
    return tree
