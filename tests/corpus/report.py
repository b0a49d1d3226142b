"""The tables of the corpus: what is found per category and layer, and what is not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.corpus.judge import Verdict

Results = dict[str, list[Verdict]]
"""Mode → the verdict of every case and persona."""


@dataclass
class Figures:
    """Counts over some verdicts."""

    flows: int = 0
    found: int = 0
    types: int = 0
    owners: int = 0
    over: int = 0
    elsewhere: int = 0
    controls: int = 0
    flagged: int = 0
    errors: int = 0
    flags: list[str] = field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        """Count one verdict."""
        self.errors += bool(verdict.outcome.error)
        self.elsewhere += bool(verdict.elsewhere)
        if verdict.outcome.case.is_control:
            self.controls += 1
            self.flagged += bool(verdict.over)
            return
        self.flows += 1
        self.found += verdict.found
        self.types += verdict.types
        self.owners += verdict.owners
        self.over += bool(verdict.over)

    def shares(self) -> dict[str, float]:
        """Return per cent: found of flows, types and owners right of the found, flagged controls.

        Empty sets count as right: 100, and 0 for the flagged.
        """
        return {
            "found": _percent(self.found, self.flows, 100.0),
            "types": _percent(self.types, self.found, 100.0),
            "owners": _percent(self.owners, self.found, 100.0),
            "flagged": _percent(self.flagged, self.controls, 0.0),
        }


def figures(verdicts: Iterable[Verdict]) -> Figures:
    """Count verdicts."""
    counted = Figures()
    for verdict in verdicts:
        counted.add(verdict)
    return counted


def by_category(verdicts: Iterable[Verdict]) -> dict[str, Figures]:
    """Count verdicts per category, flows before controls."""
    groups: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        groups[verdict.outcome.case.category].append(verdict)
    order = sorted(groups, key=lambda name: (groups[name][0].outcome.case.is_control, name))
    return {name: figures(groups[name]) for name in order}


def table(results: Results) -> str:
    """Return the figures of all modes, at most 80 columns wide.

    Flows: per cent found / types right / owners right, all three of the flows. Controls: flagged
    of all. The last lines count what was invented.
    """
    modes = list(results)
    columns = {mode: by_category(results[mode]) for mode in modes}
    width = 15
    lines = ["found/types/owners, per cent of flows; controls: flagged of all", ""]
    lines.append(f"{'':20}{'runs':>5}" + "".join(f"{mode:>{width - 2}}" for mode in modes))
    for name, counted in columns[modes[0]].items():
        runs = counted.flows + counted.controls
        cells = "".join(f"{_cell(columns[mode][name]):>{width - 2}}" for mode in modes)
        lines.append(f"{name:20}{runs:>5}{cells}")
    totals = {mode: figures(results[mode]) for mode in modes}
    lines.append("")
    flows = {mode: figures(v for v in results[mode] if not _is_control(v)) for mode in modes}
    rows: list[tuple[str, list[str]]] = [
        ("all flows", [_cell(flows[mode]) for mode in modes]),
        ("all controls", [f"{totals[m].flagged} of {totals[m].controls}" for m in modes]),
        ("over-tagged", [str(totals[mode].over) for mode in modes]),
        ("owner elsewhere", [str(totals[mode].elsewhere) for mode in modes]),
        ("programs failed", [str(totals[mode].errors) for mode in modes]),
    ]
    for name, cells_of in rows:
        lines.append(f"{name:25}" + "".join(f"{cell:>{width - 2}}" for cell in cells_of))
    return "\n".join(lines)


def misses(verdicts: Sequence[Verdict], *, everything: bool = False) -> str:
    """Return what was expected and what was reported, of verdicts that are not right or of all."""
    lines = []
    for verdict in verdicts:
        if verdict.perfect and not verdict.outcome.error and not everything:
            continue
        case = verdict.outcome.case
        expected = "; ".join(
            f"{role}: {' '.join(sorted(types))}" for role, (types, _) in case.expected.items()
        )
        lines.append(
            f"{_fault(verdict):9} {case.name} [{verdict.outcome.persona}]\n"
            f"          expected {expected or 'nothing'}\n"
            f"          reported {verdict.words or 'nothing'}"
        )
    return "\n".join(lines)


def as_json(results: Results) -> dict[str, Any]:
    """Return figures and verdicts for other programs."""
    return {
        mode: {
            "shares": figures(verdicts).shares(),
            "verdicts": [
                {
                    "case": verdict.outcome.case.name,
                    "persona": verdict.outcome.persona,
                    "found": verdict.found,
                    "types": verdict.types,
                    "owners": verdict.owners,
                    "evidence": verdict.evidence,
                    "over": sorted(verdict.over),
                    "elsewhere": sorted(verdict.elsewhere),
                    "reported": verdict.words,
                }
                for verdict in verdicts
            ],
        }
        for mode, verdicts in results.items()
    }


def _fault(verdict: Verdict) -> str:
    if verdict.outcome.error:
        return "error"
    if verdict.perfect:
        return "right"
    if verdict.over and verdict.outcome.case.is_control:
        return "false"
    if not verdict.found:
        return "missed"
    if not verdict.types:
        return "types"
    return "owners" if not verdict.owners else "evidence"


def _cell(counted: Figures) -> str:
    if not counted.flows:
        return f"{counted.flagged} of {counted.controls}"
    parts = (counted.found, counted.types, counted.owners)
    return "/".join(f"{100 * part / counted.flows:.0f}" for part in parts)


def _is_control(verdict: Verdict) -> bool:
    return verdict.outcome.case.is_control


def _percent(part: int, whole: int, empty: float) -> float:
    return round(100 * part / whole, 2) if whole else empty
