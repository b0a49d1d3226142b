"""A pytest plugin: the package under test is first party, and what it is given is somebody's.

``-p tagging`` (this folder on the path) with ``TAGGED_PACKAGES`` (names, by commas) and
``TAGGED_REPORT`` (a file that gets the counts as JSON). Every text, number and date that is an
argument of one of the package's functions is marked when the function is called, in a scope that is
open for each test.
"""

from __future__ import annotations

import builtins
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import sst_otel.scope  # noqa: F401 - the module, which the package's function of that name hides
from sst_otel import lineage
from sst_otel.guard import error_counts
from sst_otel.lineage.helpers import HELPERS
from sst_otel.registry.datum import Datum
from sst_otel.registry.identity import MARKABLE, mark
from sst_otel.tags import Owner

scopes: Any = sys.modules["sst_otel.scope"]
SOMEBODY = Owner("somebody-ref", "1")
PACKAGES = frozenset(os.environ["TAGGED_PACKAGES"].split(","))
COUNTS: Counter[str] = Counter()


def _count_helpers() -> None:
    def counting(helper: Callable[..., Any]) -> Callable[..., Any]:
        def count(*args: Any, **kwargs: Any) -> Any:
            COUNTS["sites"] += 1
            return helper(*args, **kwargs)

        return count

    for name, helper in HELPERS.items():
        if callable(helper) and name not in {"_sst_scope", "_sst_id", "_sst_type"}:
            setattr(builtins, name, counting(helper))
    spend = scopes.Scope.spend

    def spending(self: Any, operations: int = 1) -> bool:
        COUNTS["followed"] += 1
        followed: bool = spend(self, operations)
        return followed

    scopes.Scope.spend = spending


def pytest_configure() -> None:
    scopes.MARKS_PER_SCOPE = scopes.OPERATIONS_PER_SCOPE = 10**7
    scopes.BYTES_PER_SCOPE = 10**9
    lineage.install(",".join(PACKAGES))
    _count_helpers()


def _profile(frame: FrameType, event: str, _: Any) -> None:
    if event != "call":
        return
    if str(frame.f_globals.get("__name__")).partition(".")[0] not in PACKAGES:
        return
    scope = scopes.current_scope()
    for value in list(frame.f_locals.values()):
        given = value if type(value) in (list, tuple) else (value,)
        for item in given[:50]:
            if type(item) in MARKABLE:
                mark(item, (Datum(SOMEBODY, "name", item, "form_field:name"),), scope)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    scope = scopes.Scope()
    token = scopes.open_scope(scope)
    sys.setprofile(_profile)
    try:
        return (yield)
    finally:
        sys.setprofile(None)
        scopes.leave_scope(token)
        scope.release()


def pytest_sessionfinish() -> None:
    report = lineage.report()
    found = {
        **COUNTS,
        "rewritten": report["rewritten"],
        "skipped": {k: v for k, v in report["skipped"].items() if k.partition(".")[0] in PACKAGES},
        "errors": error_counts(),
    }
    Path(os.environ["TAGGED_REPORT"]).write_text(json.dumps(found), encoding="utf-8")
