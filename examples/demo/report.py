"""What the demo prints: the table, and how it compares with the truth. At most 80 columns."""

from __future__ import annotations

import dataclasses
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from examples.demo.truth import Row, Verdict

_WIDTHS = (35, 18, 7, 11)
_HEADINGS = ("destination", "data types", "whose", "evidence")


@dataclass(frozen=True, slots=True)
class Result:
    """What a run found."""

    rows: list[dict[str, Any]]
    """The audit log, as the API gives it."""
    verdict: Verdict
    complaints: tuple[str, ...]
    hosts: tuple[str, ...]
    """Host of every call that reached a vendor."""
    seconds: float
    folder: Path

    @property
    def ok(self) -> bool:
        """Whether everything is as it should be."""
        return self.verdict.ok and not self.complaints


def json_report(result: Result) -> str:
    """Return the result as one JSON object."""
    return json.dumps(
        {
            "ok": result.ok,
            "audit_logs": result.rows,
            "expected": result.verdict.expected,
            "missing": [dataclasses.asdict(row) for row in result.verdict.missing],
            "extra": [dataclasses.asdict(row) for row in result.verdict.extra],
            "complaints": result.complaints,
            "calls": Counter(result.hosts),
            "seconds": round(result.seconds, 2),
            "database": str(result.folder / "sst_audit.db"),
        }
    )


def text_report(result: Result) -> str:
    """Return the result as people read it, in at most 80 columns."""
    calls = Counter(result.hosts)
    people = len({row["owner_id"] for row in result.rows})
    lines = [
        "Who got what of whom",
        "",
        table(result.rows),
        "",
        f"{people} people used an unchanged Flask site. It called {len(calls)} companies "
        f"{calls.total()} times ({result.seconds:.0f} s).",
    ]
    if result.verdict.ok:
        lines += [
            f"{result.verdict.expected} of {result.verdict.expected} shares found, each with its "
            "owner, nothing invented:",
            f"the {calls['open.er-api.com']} calls for exchange rates hold nobody's data.",
        ]
    else:
        lines += ["The audit log does not tell what happened:", difference(result.verdict)]
    return "\n".join([*lines, *result.complaints])


def table(audit_logs: Iterable[Mapping[str, Any]]) -> str:
    """Lay the audit log out, oldest first, cells wrapped."""
    lines = [_line(_HEADINGS), "-+-".join("-" * width for width in _WIDTHS)]
    for entry in sorted(audit_logs, key=lambda entry: entry["timestamp"]):
        cells = (
            entry["destination"],
            ", ".join(in_order(entry["data_types"])),
            f"user {entry['owner_id'] or '?'}",
            ", ".join(sorted(set(entry["evidence"]))),
        )
        columns = [_wrapped(cell, width) for cell, width in zip(cells, _WIDTHS, strict=True)]
        height = max(map(len, columns))
        padded = [column + [""] * (height - len(column)) for column in columns]
        lines += [_line(parts) for parts in zip(*padded, strict=True)]
    return "\n".join(lines)


def in_order(data_types: Iterable[str]) -> list[str]:
    """Sort data types, what was computed last."""
    return sorted(data_types, key=lambda name: (name == "derived", name))


def difference(verdict: Verdict) -> str:
    """Say what the log lacks and what it has too much, a line each."""
    return "\n".join(
        [
            *(f"missing: {_sentence(row)}" for row in verdict.missing),
            *(f"extra:   {_sentence(row)}" for row in verdict.extra),
        ]
    )


def _sentence(row: Row) -> str:
    whose = f"user {row.whose}"
    by = "" if row.by == row.whose else f", done by user {row.by}"
    types = ", ".join(in_order(row.data_types))
    return f"{row.destination} | {types} | {whose} (at {row.step}{by})"


def _wrapped(text: str, width: int) -> list[str]:
    """Break after blanks and slashes only, so that names and URLs can still be read."""
    lines = [""]
    for piece in re.findall(r"[^ /]*[ /]|[^ /]+", text):
        if lines[-1] and len(lines[-1] + piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return [line.rstrip() for line in lines]


def _line(cells: Sequence[str]) -> str:
    padded = [f"{cell:<{width}}" for cell, width in zip(cells, _WIDTHS, strict=True)]
    return " | ".join(padded).rstrip()
