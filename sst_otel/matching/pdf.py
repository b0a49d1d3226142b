"""What a PDF shows: invoices, letters and reports carry names and addresses.

The text operators of its content streams are read (ISO 32000-1, 9.4.3), and its title and author.
Codes of embedded fonts are read by the tables that a document carries for copying text (9.10.3).
Encrypted documents, and streams in filters other than deflate, ASCII85 and hex, stay unread.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from itertools import islice

from sst_otel.matching.compression import Budget, inflate

BEGINS = b"%PDF-"
_MAX_STREAMS = 2_000
_MAX_TABLES = 8
_MAX_LINES = 10_000
"""Counting what each table makes of a line."""
_MAX_CODES = 20_000
_STREAM = re.compile(rb"stream\r?\n")
_FILTER = re.compile(rb"/([A-Za-z0-9]+Decode)\b")
_NO_TEXT = re.compile(rb"/(?:Image|FontFile\d?|Length1|ObjStm|XRef)\b")
_TOLD = re.compile(rb"/(?:Title|Author|Subject|Keywords|Contents|V)\s*(?=[(<])")
_TOKEN = re.compile(
    rb"\((?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*\)"  # a text, with texts in brackets in it
    rb"|<[0-9A-Fa-f\s]*>|-?\d+\.?\d*|T[Jj*dDm]|BT|ET|['\"]",
    re.DOTALL,
)
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|(\r\n|.))", re.DOTALL)
_SIMPLE = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"", b"f": b"", b"\n": b"", b"\r\n": b""}
_ENDS_LINE = frozenset({b"Td", b"TD", b"Tm", b"T*", b"BT", b"ET", b"'", b'"'})
_CONTROLS = frozenset(map(chr, (*range(9), *range(14, 32))))
"""Numbers of an embedded font's letters, and no text."""
_GAP = -180.0
"""Thousandths of the font's size; further apart than that are words."""
_CODE_AND_TOWN = re.compile(
    r"(?:([A-Z]{0,2}-?\d[\d-]{3,9}) )?([^\W\d][^\d,]{2,40}?)(?:,? ([A-Z]{0,2}-?\d[\d-]{3,9}))?"
)
_RANGES = re.compile(rb"begin(bf(?:char|range))(.*?)endbf", re.DOTALL)
_CODES = re.compile(rb"<([0-9A-Fa-f]{1,64})>|(\[)|(\])")

Table = tuple[int, dict[int, str]]
"""Bytes of a code, and the text of each code."""


def pdf_lines(body: bytes, budget: Budget | None = None) -> list[str]:
    """Return the lines of a document in the order in which they are drawn; none of a sealed one."""
    if b"/Encrypt" in body[-4_000:]:
        return []
    tables: list[Table] = []
    pages: list[bytes] = []
    lines = [_text(_literal(match), []) for match in _told(body)]
    for content in _streams(body, budget):
        if b"begincmap" in content:
            if len(tables) < _MAX_TABLES:
                tables.append(_table(content))
        elif b"BT" in content:
            pages.append(content)
    drawn = (line for page in pages for line in _drawn(page, tables))
    lines += islice(drawn, _MAX_LINES)
    return [line for line in lines if line]


def address_pieces(line: str) -> list[str]:
    """Return a line, town and code apart where it is ``30119 Hannover`` or ``Boston, 02108``."""
    match = _CODE_AND_TOWN.fullmatch(line)
    return [piece for piece in match.groups() if piece] if match is not None else [line]


def _told(body: bytes) -> Iterator[bytes]:
    for match in _TOLD.finditer(body):
        found = _TOKEN.match(body, match.end())
        if found is not None:
            yield found[0]


def _streams(body: bytes, budget: Budget | None) -> Iterator[bytes]:
    """Yield the decoded streams that may hold text; of a document that was cut, the first ones."""
    end = 0
    for _ in range(_MAX_STREAMS):
        begin = _STREAM.search(body, end)
        if begin is None:
            return
        head = body[max(end, begin.start() - 2_000) : begin.start()]
        head = head[head.rfind(b" obj") + 1 :]
        close = body.find(b"endstream", begin.end())
        end = len(body) if close < 0 else close + 9
        if _NO_TEXT.search(head):
            continue
        content: bytes | None = body[begin.end() : end if close < 0 else close]
        for name in _FILTER.findall(head):
            content = None if content is None else _unfiltered(content, name, budget)
        if content:
            yield content


def _unfiltered(content: bytes, name: bytes, budget: Budget | None) -> bytes | None:
    try:
        if name == b"FlateDecode":
            return inflate(content, budget)
        if name == b"ASCII85Decode":
            return base64.a85decode(content.partition(b"~>")[0].strip())
        if name == b"ASCIIHexDecode":
            return _hex(content.partition(b">")[0])
    except ValueError:
        return None
    return None


def _table(content: bytes) -> Table:
    """Return the codes of a table for copying text (Adobe's CMap, technical note 5411)."""
    width, codes, left = 1, dict[int, str](), _MAX_CODES
    for kind, inside in _RANGES.findall(content):
        waiting: list[bytes] = []
        in_list = False
        for code, opened, closed in _CODES.findall(inside):
            if left <= 0:
                return width, codes
            if opened or closed:
                in_list = bool(opened)
                if closed:
                    left -= len(waiting)
                    for number, text in enumerate(waiting[2:]):
                        codes[int(waiting[0], 16) + number] = _utf_16(text)
                    waiting = []
                continue
            waiting.append(code)
            width = len(waiting[0]) // 2 or 1
            if in_list:
                continue
            if kind == b"bfchar" and len(waiting) == 2:
                codes[int(waiting[0], 16)] = _utf_16(waiting[1])
                waiting, left = [], left - 1
            elif kind == b"bfrange" and len(waiting) == 3:
                first, last, shown = (int(each, 16) for each in waiting)
                size = min(last - first + 1, left)
                for number in range(size):
                    codes[first + number] = _utf_16(b"%0*x" % (len(waiting[2]), shown + number))
                waiting, left = [], left - max(size, 1)
    return width, codes


def _drawn(content: bytes, tables: list[Table]) -> Iterator[str]:
    """Yield the lines that a content stream draws, read by each table and without one."""
    line: list[bytes] = []
    pending: list[bytes] = []
    for match in _TOKEN.finditer(content):
        token = match[0]
        if token[:1] in b"(<":
            pending.append(_literal(token))
        elif token in (b"Tj", b"TJ"):
            line += pending
            pending = []
        elif token in _ENDS_LINE:
            if line and token not in (b"'", b'"'):
                yield from _readings(line, tables)
                line = []
            if token in (b"'", b'"'):
                if line:
                    yield from _readings(line, tables)
                line = pending
            pending = []
        elif pending and float(token) < _GAP:
            pending.append(b"")
    if line:
        yield from _readings(line, tables)


def _readings(line: list[bytes], tables: list[Table]) -> Iterator[str]:
    """Yield a line as it stands, and as each font of the document would show it."""
    plain = "".join(_text(piece, []) if piece else " " for piece in line)
    if _CONTROLS.isdisjoint(plain):
        yield " ".join(plain.split())
    for table in tables:
        shown = "".join(_text(piece, [table]) if piece else " " for piece in line)
        if shown.strip() and shown != plain:
            yield " ".join(shown.split())


def _literal(token: bytes) -> bytes:
    if token[:1] == b"<":
        return _hex(token[1:-1])
    inside = token[1:-1]
    return _ESCAPE.sub(_unescaped, inside) if b"\\" in inside else inside


def _unescaped(match: re.Match[bytes]) -> bytes:
    octal, simple = match.groups()
    if octal:
        return bytes((int(octal, 8) & 255,))
    return _SIMPLE.get(simple, simple)


def _hex(digits: bytes) -> bytes:
    digits = b"".join(digits.split())
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))


def _text(raw: bytes, tables: list[Table]) -> str:
    if tables:
        width, codes = tables[0]
        numbers = (raw[at : at + width] for at in range(0, len(raw), width))
        return "".join(codes.get(int.from_bytes(number, "big"), "") for number in numbers)
    if raw[:2] == b"\xfe\xff":
        return raw.decode("utf-16", "replace")
    return raw.decode("cp1252", "replace")


def _utf_16(code: bytes) -> str:
    return _hex(code).decode("utf-16-be", "replace")
