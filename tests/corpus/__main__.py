"""``python -m tests.corpus``: run the corpus and print what each layer finds."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.corpus.cases import Case, load_cases
from tests.corpus.judge import judge
from tests.corpus.modes import modes, play
from tests.corpus.people import Cast, load_cast
from tests.corpus.program import source
from tests.corpus.report import Results, as_json, misses, table
from tests.support import vendor_server


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; return 1 where one of the programs failed, 2 where nothing fits."""
    options = _parser().parse_args(arguments)
    cast = load_cast()
    cases = [case for case in load_cases() if _is_meant(case, options)]
    if not cases:
        print("no case fits", file=sys.stderr)
        return 2
    if options.case:
        for case in cases:
            print(f"# {case.name}\n{source(case)}")
    results = run(cases, cast, options.layer or modes())
    print(table(results))
    if options.misses or options.case:
        for mode, verdicts in results.items():
            listed = misses(verdicts, everything=bool(options.case))
            print(f"\n== {mode}\n{listed or 'nothing is missed or invented'}")
    if options.json:
        text = json.dumps(as_json(results), indent=1, ensure_ascii=False)
        options.json.write_text(text + "\n", encoding="utf-8")
    return int(any(v.outcome.error for verdicts in results.values() for v in verdicts))


def run(cases: Sequence[Case], cast: Cast, layers: Sequence[str]) -> Results:
    """Run ``cases`` for all personas with each of ``layers`` and judge the outcomes."""
    results: Results = {}
    with vendor_server() as vendor:
        for mode in layers:
            with tempfile.TemporaryDirectory() as directory:
                outcomes, errors = play(mode, cases, cast, Path(directory), vendor)
            for place, count in errors.items():
                print(f"{mode}: {count} errors of ours in {place}", file=sys.stderr)
            results[mode] = [judge(one, cast.personas[one.persona]) for one in outcomes]
    return results


def _is_meant(case: Case, options: argparse.Namespace) -> bool:
    if options.case and options.case not in (case.id, case.name):
        return False
    return not options.category or case.category in options.category


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description=main.__doc__)
    parser.add_argument("--category", action="append", help="only this category (repeatable)")
    parser.add_argument("--case", metavar="ID", help="one case: its program, and what it gave")
    parser.add_argument("--layer", action="append", choices=modes(), help="only this layer")
    parser.add_argument("--misses", action="store_true", help="list what is missed or invented")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write figures and verdicts")
    return parser


if __name__ == "__main__":
    sys.exit(main())
