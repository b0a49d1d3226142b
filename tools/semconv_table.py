"""Writes ``docs/semantic-conventions.md``: the names of ``sst_otel/semconv.py``, the data types.

``python -m tools.semconv_table`` rewrites the file; a test says when that was forgotten.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sst_otel import semconv
from sst_otel.datatypes.taxonomy import DataType, load_taxonomy

PATH = Path(__file__).resolve().parents[1] / "docs" / "semantic-conventions.md"
_HEADING = re.compile(r"# == (.+)")
_INTRODUCTION = """\
# Semantic conventions

Made from `sst_otel/semconv.py` and the list of data types by `python -m tools.semconv_table`:
change those, not this file.

All names of ours begin with `sst.`; for what OpenTelemetry has a name, that is used: the stable
ones of HTTP and databases, in every mode of `OTEL_SEMCONV_STABILITY_OPT_IN` (which says what the
instrumentations of other libraries write on their spans). Attributes are flat: strings, numbers and
arrays of strings. In an event OpenTelemetry's stand first and ours last, the id at the very end, as
limits on attributes drop the first ones.
"""
_MAPPING = """\
## Data types in other vocabularies

No convention for the kind of data exists yet. The columns `data.category` and `data.sensitivity`
say which values of the group proposed in
[semantic-conventions #3579](https://github.com/open-telemetry/semantic-conventions/issues/3579)
(its pull request #3644 was closed in 2026) belong to each type, for whoever maps `sst.data.types`
in a collector; we do not set them. Older proposals are sensitive data labels
([#1594](https://github.com/open-telemetry/semantic-conventions/issues/1594)) and flags in the
registry ([#3142](https://github.com/open-telemetry/semantic-conventions/issues/3142)). DPV is the
[W3C Data Privacy Vocabulary](https://w3id.org/dpv/pd) (a share is a `dpv:Transmit`, its recipient a
`dpv:Recipient`, a computed value `dpv:DerivedPersonalData`), Fides the
[taxonomy of that project](https://ethyca.github.io/fideslang/). The law's word: `special` is Art. 9
GDPR, `criminal` Art. 10, `sensitive` the CCPA's.
"""
_FINANCIAL = ("user.financial", "user.payment")
_HEALTH = "user.health_and_medical"
_DPV_PD = "https://w3id.org/dpv/pd#"


@dataclass(slots=True)
class Section:
    """One table: a heading, and name, value and docstring of each constant."""

    title: str
    names: list[tuple[str, str, str]] = field(default_factory=list)


def sections(source: str) -> list[Section]:
    """Return the tables in the text of :mod:`sst_otel.semconv`.

    Raises ``ValueError`` for a text constant without a docstring, or before the first heading.
    """
    headings = {
        number: match[1]
        for number, line in enumerate(source.splitlines(), 1)
        if (match := _HEADING.fullmatch(line))
    }
    found = [Section(headings[number]) for number in sorted(headings)]
    starts = sorted(headings)
    body = ast.parse(source).body
    for statement, following in zip(body, [*body[1:], None], strict=True):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(value))):
                doc = docstring(following)
                index = sum(start < statement.lineno for start in starts) - 1
                if doc is None or index < 0:
                    raise ValueError(f"{name} has no docstring, or stands under no heading")
                found[index].names.append((name, value, doc))
    return found


def docstring(statement: ast.stmt | None) -> str | None:
    """Return what a statement says in one line of Markdown, where it is a docstring."""
    match statement:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return " ".join(text.split()).replace("``", "`")
    return None


def document() -> str:
    """Return the whole file."""
    assert semconv.__file__ is not None
    tables = [_section(one) for one in sections(Path(semconv.__file__).read_text("utf-8"))]
    types = load_taxonomy().types.values()
    return "\n".join([_INTRODUCTION, *tables, _MAPPING, _table(_TYPES, map(_type_row, types))])


def _section(section: Section) -> str:
    rows = []
    for _name, value, doc in section.names:
        kind, colon, meaning = doc.partition(": ")
        typed = bool(colon) and " " not in kind.partition(", ")[0].replace("up-down counter", "")
        rows.append((f"`{value}`", kind if typed else "", meaning if typed else doc))
    if any(kind for _value, kind, _meaning in rows):
        return f"## {section.title}\n\n{_table(('name', 'type', 'meaning'), rows)}"
    shown = [(value, meaning) for value, _kind, meaning in rows]
    return f"## {section.title}\n\n{_table(('name', 'meaning'), shown)}"


_TYPES = ("data type", "DPV", "Fides", "the law's word", "`data.category`", "`data.sensitivity`")


def _type_row(data_type: DataType) -> tuple[str, ...]:
    term = data_type.dpv.removeprefix(_DPV_PD)
    category = "pii"
    if data_type.fides.startswith(_FINANCIAL):
        category = "financial"
    elif data_type.fides.startswith(_HEALTH):
        category = "health"
    plain = data_type.sensitivity == "none"
    return (
        f"`{data_type.name}`",
        f"`pd:{term}`" if term != data_type.dpv else f"<{term}>",
        f"`{data_type.fides}`",
        "" if plain else data_type.sensitivity,
        category,
        "confidential" if plain else "restricted",
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    def lines() -> Iterator[str]:
        for row in (head, ("---",) * len(head), *rows):
            yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n"

    return "".join(lines())


if __name__ == "__main__":
    PATH.write_text(document(), encoding="utf-8")
