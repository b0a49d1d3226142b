"""The layers of the engine, and one run of the corpus with some of them on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from time import time
from typing import Any

from sst_otel import semconv
from sst_otel.lifetime import release_all
from sst_otel.settings import Settings
from tests.corpus.cases import Case
from tests.corpus.people import Cast
from tests.corpus.stage import Stage
from tests.support import Tracking, Vendor, tracking_in

PLAIN = "off"
_HOOKS = "hooks"
_LAYERS: dict[str, tuple[bool, bool]] = {
    "L1": (False, False),
    "+L3": (False, True),
    "+L2": (True, False),
    "all": (True, True),
}
"""Mode → whether modules are rewritten, whether digests and codecs are hooked."""


def modes() -> list[str]:
    """Return the modes this engine has; without hooks ``all`` is the content and the rewriting."""
    if _has_hooks():
        return list(_LAYERS)
    return [mode for mode, (_, hooked) in _LAYERS.items() if not hooked and mode != "+L2"] + ["all"]


def settings_of(mode: str) -> dict[str, Any]:
    """Return the settings of a mode."""
    rewritten, hooked = _LAYERS[mode]
    settings: dict[str, Any] = {"lineage": "auto" if rewritten else "off"}
    if _has_hooks():
        settings[_HOOKS] = "on" if hooked else "off"
    return settings


def _has_hooks() -> bool:
    return _HOOKS in {item.name for item in fields(Settings)}


@dataclass(frozen=True)
class Event:
    """One reported share."""

    owner: str
    """Id of the account; empty where nobody is named."""
    types: frozenset[str]
    evidence: frozenset[str]


@dataclass(frozen=True)
class Outcome:
    """One case run for one persona."""

    case: Case
    persona: str
    sent: str
    events: tuple[Event, ...]
    error: str = ""
    """Why the program could not be run, if it could not."""


def play(
    mode: str, cases: Sequence[Case], cast: Cast, directory: Path, vendor: Vendor
) -> tuple[list[Outcome], dict[str, int]]:
    """Run every case for every persona; return the outcomes and our own errors by place.

    Runs follow one another, so an event belongs to the run during which it was written; the log is
    read once.
    """
    directory.mkdir(parents=True, exist_ok=True)
    runs: list[tuple[Case, str, str, str, float]] = []
    with _tracking(mode, directory) as tracking:
        with Stage(directory / "site", cases, vendor) as stage:
            for persona, people in cast.personas.items():
                for case in cases:
                    sent, error = "", ""
                    try:
                        sent = stage.run(case, people, forget=lambda: _forget(tracking))
                    except Exception as failure:  # a program that fails must not hide the others
                        error = f"{type(failure).__name__}: {failure}"
                    runs.append((case, persona, sent, error, time()))
        rows = tracking.rows() if tracking is not None else []
        errors = tracking.errors() if tracking is not None else {}
    return list(_outcomes(runs, rows)), errors


@contextmanager
def _tracking(mode: str, directory: Path) -> Iterator[Tracking | None]:
    if mode == PLAIN:
        yield None
        return
    with tracking_in(directory, pages=False, **settings_of(mode)) as tracking:
        yield tracking


def _forget(tracking: Tracking | None) -> None:
    if tracking is not None:
        tracking.tracker.registry.clear()
        release_all()


def _outcomes(
    runs: list[tuple[Case, str, str, str, float]], rows: list[dict[str, Any]]
) -> Iterator[Outcome]:
    shares = [row for row in rows if row["event_type"] == semconv.EXTERNAL_API]
    position = 0
    for case, persona, sent, error, ended in runs:
        events = []
        while position < len(shares) and shares[position]["timestamp"] <= ended:
            row = shares[position]
            owner = row["owner_id"] if row["metadata"].get("sst.owner") != "unknown" else ""
            events.append(
                Event(owner or "", frozenset(row["data_types"]), frozenset(row["evidence"]))
            )
            position += 1
        yield Outcome(case, persona, sent, tuple(events), error)
