"""The corpus tells the truth about its programs."""

from __future__ import annotations

from pathlib import Path

from tests.corpus.cases import load_cases
from tests.corpus.interference import problems
from tests.corpus.people import load_cast
from tests.corpus.stage import Stage
from tests.support import vendor_server


def test_payloads_depend_on_what_the_cases_name_and_on_nothing_else(tmp_path: Path) -> None:
    cases, cast = load_cases(), load_cast()
    wrong = []
    with vendor_server() as vendor, Stage(tmp_path, cases, vendor) as stage:
        for persona, people in cast.personas.items():
            for case in cases:
                found = problems(stage, case, people, cast.strangers)
                wrong += [f"{case.name} [{persona}] {words}" for words in found]
    assert not wrong, "\n".join(wrong)
