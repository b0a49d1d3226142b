"""Rows of rules: code, and what ``r`` holds after it.

Names in the code are Ada's unless said: ``income`` "50000", ``email``, ``phone``, ``name``, a
``note`` (composed of name and e-mail), ``inc`` 50000 and ``out`` 40000.5 (numbers), ``born`` and
``seen`` (date and datetime), ``user`` with these as attributes; ``theirs``, ``pay`` and ``paid``
are Bob's e-mail and income.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from sst_otel.guard import error_counts
from sst_otel.registry.identity import IDS, mark
from sst_otel.scope import Scope
from tests.lineage.support import BOB, describe, fresh, marked, run, scope, source_value

Rows = list[tuple[str, str]]


@contextmanager
def people() -> Iterator[dict[str, Any]]:
    """Two people's values, marked as sources mark them, for one scope."""
    with scope() as opened:
        yield _values(opened)
    assert not IDS
    assert not error_counts()


def _values(opened: Scope) -> dict[str, Any]:
    own: dict[str, Any] = {
        "income": fresh("50000"),
        "email": fresh("ada@example.com"),
        "phone": fresh("+49 170 1234567"),
        "name": fresh("Ada Lovelace"),
        "city": fresh("M\u00fcnchen"),
        "inc": int(fresh("50000")),
        "out": float(fresh("40000.5")),
        "born": datetime.date(1990, 4, 23),
        "seen": datetime.datetime(1990, 4, 23, 8, 30),
    }
    kinds = {"inc": "income", "out": "spending", "born": "birthday", "seen": "birthday"}
    data = {key: source_value(value, kinds.get(key, key), opened) for key, value in own.items()}
    theirs = {"theirs": fresh("bob@mail.example"), "pay": fresh("61000"), "paid": int("61000")}
    for key, value in theirs.items():
        source_value(value, "email" if key == "theirs" else "income", opened, BOB)
    note = f"Dear {own['name']}, we write to {own['email']}."
    mark(note, (data["name"], data["email"]), opened, composed=True)
    own["note"] = note
    return {**own, **theirs, "user": SimpleNamespace(**own)}


def inherited(code: str) -> str:
    """Run ``code`` rewritten and plain, see that the results are equal, and describe the mark."""
    with people() as names:
        rewritten = run(code, **names)["r"]
        found = describe(marked(rewritten))
        plain = run(code, plain=True, **names)["r"]
        if type(rewritten) is not type(plain) or repr(rewritten) != repr(plain):
            raise ValueError("rewritten code gave another result")
        return found
