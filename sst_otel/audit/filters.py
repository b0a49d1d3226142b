"""Conditions and cursors of the queries: whose rows, which rows, and where the last page ended."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, or_, select, union
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from sst_otel.audit import models

_SUBJECTS = models.Subject.__table__
_ALIASES = models.Alias.__table__


class _Among(FunctionElement):  # type: ignore[type-arg]  # SQLAlchemy 1.4's is not generic
    """``column IN (query)``; the query is asked first, so that an index finds the rows.

    PostgreSQL would guess that a joined query finds so many people that all rows are better read.
    It has no type: of a boolean SQLAlchemy asks whether it is 1 where there are none, as in SQLite,
    and no index answers that.
    """

    name = "among"
    inherit_cache = True


@compiles(_Among)
def _in(element: _Among, compiler: Any, **options: Any) -> str:
    column, query = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} IN {query}"


@compiles(_Among, "postgresql")
def _any(element: _Among, compiler: Any, **options: Any) -> str:
    column, query = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} = ANY (ARRAY{query})"


def of_owner(column: Any, owner_refs: Sequence[str]) -> Any:
    """Rows of these people, and of the visitors they turned out to have been."""
    people = select(_SUBJECTS.c.subject).where(_SUBJECTS.c.owner_ref.in_(list(owner_refs)))
    visitors = select(_ALIASES.c.pseudonym).where(_ALIASES.c.subject.in_(people))
    return _Among(column, union(people, visitors).scalar_subquery())


def like(column: Any, pattern: str) -> Any:
    """Rows whose text is ``pattern``, in which ``*`` stands for anything."""
    if "*" not in pattern:
        return column == pattern
    escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return column.like(escaped.replace("*", "%"), escape="\\")


def before(time: Any, key: Any, cursor: str) -> Any:
    """Rows behind the one ``cursor`` names, newest first.

    Raises ``ValueError`` for a cursor that is none of ours.
    """
    at, name = _read_cursor(cursor)
    return or_(time < at, and_(time == at, key < name))


def checked(limit: int) -> int:
    """Return how many rows a page has at most; raises ``ValueError`` where it is below 1."""
    if limit < 1:
        raise ValueError("limit: must be at least 1")
    return limit


def make_cursor(at: float, name: str) -> str:
    """Name the row a page ended with; opaque to clients, safe in a URL."""
    text = f"{round(at * 1_000_000)}:{name}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[float, str]:
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        micros, colon, name = raw.partition(":")
        at = int(micros) / 1_000_000
    except (ValueError, binascii.Error):
        raise ValueError("cursor: not one that next_cursor gave") from None
    if not colon or not 0 <= at <= 253_402_300_799:
        raise ValueError("cursor: not one that next_cursor gave")
    return at, name
