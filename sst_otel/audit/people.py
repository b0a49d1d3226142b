"""From a row's random subject to the person: aliases followed, the owner's id unsealed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func

from sst_otel.audit import models
from sst_otel.keys import Keys

_SUBJECTS = models.Subject.__table__
_ALIASES = models.Alias.__table__


class People:
    """Joins the person to rows that have a subject in ``column``."""

    columns = (_SUBJECTS.c.owner_ref, _SUBJECTS.c.sealed)

    def __init__(self, column: Any, keys: Keys) -> None:
        self._column = column
        self._keys = keys
        self._unsealed: dict[str, str | None] = {}

    def join(self, table: Any) -> Any:
        """Join ``table`` to the people its rows belong to now."""
        person = func.coalesce(_ALIASES.c.subject, self._column)
        return table.outerjoin(_ALIASES, _ALIASES.c.pseudonym == self._column).outerjoin(
            _SUBJECTS, _SUBJECTS.c.subject == person
        )

    def owner_id(self, owner_ref: str | None, sealed: str | None) -> str | None:
        """Return the application's own id; the owner_ref of a visitor or where the key is another.

        None for nobody known and for a person who was erased.
        """
        if not sealed:
            return owner_ref
        if sealed not in self._unsealed:
            self._unsealed[sealed] = self._keys.unseal(sealed)
        owner_id = self._unsealed[sealed]
        return owner_ref if owner_id is None else owner_id
