"""Workbooks: a cell's text stands in another file than the cell, a day is a number."""

from __future__ import annotations

import io
import zipfile

from sst_otel.matching.sheets import sheets
from sst_otel.shares import Part

from .conftest import ANN, BEA, World

STYLES = """<styleSheet><numFmts><numFmt numFmtId="164" formatCode="dd.mm.yyyy"/>
<numFmt numFmtId="165" formatCode='0.0 "days"'/></numFmts><cellStyleXfs><xf numFmtId="14"/>
</cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs>
</styleSheet>"""
HEAD = '<?xml version="1.0"?><x:worksheet xmlns:x="urn:s"><x:sheetData>'


def workbook(rows: str, strings: list[str], dialect: str = "x:") -> bytes:
    """Return a workbook as xlsxwriter orders it: the texts after the sheet that shows them."""
    shared = "".join(f"<si><t>{text}</t></si>" for text in strings)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        sheet = f"{HEAD}{rows}</x:sheetData></x:worksheet>"
        book.writestr("xl/worksheets/sheet1.xml", sheet.replace("x:", dialect))
        book.writestr("xl/sharedStrings.xml", f"<sst>{shared}</sst>")
        book.writestr("xl/styles.xml", STYLES)
        book.writestr("docProps/core.xml", "<p><title>ann.smith@example.com</title></p>")
    return out.getvalue()


def _cell(place: str, number: int) -> str:
    return f'<x:c r="{place}" t="s"><x:v>{number}</x:v></x:c>'


def _people(header: bool) -> bytes:
    """Return three columns that hold what is too common to be known alone."""
    strings, rows = ["Mail", "Town", "First name"], ""
    if header:
        rows = f"<x:row>{_cell('A1', 0)}{_cell('B1', 1)}{_cell('C1', 2)}</x:row>"
    for line, person in enumerate((ANN, BEA), 2):
        cells = ""
        for column, name in zip("ABC", ("email", "city", "first_name"), strict=True):
            strings.append(str(person[name]))
            cells += _cell(f"{column}{line}", len(strings) - 1)
        rows += f"<x:row>{cells}</x:row>"
    return workbook(rows, strings)


def test_each_row_is_somebody(world: World) -> None:
    for header in (True, False):
        found = world.found(Part("body", _people(header)))
        called = {"first_name"} if header else set[str]()
        assert {who: set(types) for who, types in found.items()} == {
            "ann": {"email", "city", *called},
            "bea": {"email", "city", *called},
        }


def test_what_cells_show() -> None:
    rows = (
        '<x:row><x:c r="A1" t="inlineStr"><x:is><x:t>Born</x:t></x:is></x:c>'
        '<x:c r="C1" t="str"><x:v>Weeks</x:v></x:c></x:row>'
        '<x:row><x:c r="A2" s="1"><x:v>31890</x:v></x:c><x:c r="C2" s="2"><x:v>31890</x:v></x:c>'
        '<x:c r="D2" t="s"><x:v>99</x:v></x:c><x:c t="e"><x:v>#N/A</x:v></x:c></x:row>'
    )
    documents = dict(_members(workbook(rows, [])))
    found = list(sheets(documents))
    cells = [["Born", "", "Weeks"], ["1987-04-23", "", "31890", "", "#N/A"]]
    assert found == [("xl/worksheets/sheet1.xml", [""] * 5, cells)]


def test_damage_and_declarations_end_a_sheet() -> None:
    sheet = "xl/worksheets/sheet1.xml"
    row = "<row><c t='str'><v>a</v></c></row>"
    cut = list(sheets({sheet: f"<sheetData>{row}{row}<row><c".encode()}))
    assert cut[0][2] in ([["a"]], [["a"], []])
    declared = f'<!DOCTYPE x [<!ENTITY e "{"x" * 99}">]><sheetData>{row}</sheetData>'
    assert list(sheets({sheet: declared.encode()})) == [(sheet, [], [])]


def test_pieces_of_a_text_and_more_rows_than_are_read() -> None:
    shared = b"<sst><si><r><t>Ann</t></r><r><t> Smith</t></r></si></sst>"
    row = b"<row><c t='s'><v>0</v></c></row>"
    sheet = "xl/worksheets/sheet1.xml"
    documents = {sheet: b"<d>" + row * 6_000 + b"</d>", "xl/sharedStrings.xml": shared}
    ((_, _, rows),) = sheets(documents)
    assert set(map(tuple, rows)) == {("Ann Smith",)}
    assert len(rows) == 5_000
    cell = b"<c r='A1' t='str'><v>" + b"x" * 3_000 + b"</v></c>"
    ((_, _, rows),) = sheets({sheet: b"<d><row>" + cell * 50 + b"</row></d>"})
    assert len(rows[0][0]) == 6_000


def test_nobodys_workbook(world: World) -> None:
    row = f"<x:row>{_cell('A1', 0)}{_cell('B1', 1)}</x:row>"
    body = workbook(row, ["Boston", "Ann"]).replace(b"ann.smith@example.com", b"x" * 21)
    assert "bea" not in world.found(Part("body", body))


def _members(body: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        return [(name, book.read(name)) for name in book.namelist()]
