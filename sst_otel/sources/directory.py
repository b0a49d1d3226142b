"""Who is meant by an e-mail or user name where no key is at hand: ``WHERE email = ?``.

Holds digests of the names, never the names: Python's own salted hash, of this process alone.
"""

from __future__ import annotations

from itertools import islice

from sst_otel.locks import new_lock
from sst_otel.tagging import Tagger
from sst_otel.tags import NOBODY, Owner

_MOST = 20_000


class Directory:
    """Rows' other names, as far as this process has met them."""

    def __init__(self, tagger: Tagger) -> None:
        self._tagger = tagger
        self._owners: dict[int, Owner] = {}
        self._provisional: set[int] = set()
        self._rows: dict[int, Owner] = {}
        self._named_by_row: set[int] = set()
        """Rows that people were named by before it was seen whose they are."""
        self._lock = new_lock()

    def __repr__(self) -> str:
        return f"<Directory of {len(self._owners)}>"

    def learn(self, owner: Owner, table: str, column: str, name: str) -> None:
        """Note that ``owner``'s row has ``name`` in a column that tells rows apart."""
        key = _key(table, column, name)
        known = self._owners.get(key)
        if known is not None and known.ref == owner.ref:
            return
        with self._lock:
            self._owners[key] = owner
            provisional = key in self._provisional
            self._provisional.discard(key)
            if len(self._owners) > _MOST:
                for oldest in list(islice(self._owners, _MOST // 2)):
                    del self._owners[oldest]
                    self._provisional.discard(oldest)
        if provisional and known is not None:
            self._tagger.alias(known, owner)

    def learn_account(self, owner: Owner, name: str) -> None:
        """Note that the account of ``owner`` has ``name``; one of two accounts is none's."""
        self._tagger.has_account(owner, name)
        key = _key("", "", name)
        known = self._owners.get(key)
        if known == owner:
            return
        with self._lock:
            self._owners[key] = owner if known is None else NOBODY

    def account(self, name: str) -> str | None:
        """Return the owner id of the one account that has this name, None where none was met."""
        found = self._owners.get(_key("", "", name))
        return found.id if found is not None else None

    def whose(self, table: str, column: str, name: str) -> Owner | None:
        """Return whose row has this name, None where that was never seen."""
        return self._owners.get(_key(table, column, name))

    def called(self, table: str, column: str, name: str) -> Owner:
        """Return whose row has this name; an owner of that name until the key is seen."""
        key = _key(table, column, name)
        known = self._owners.get(key)
        if known is None:
            with self._lock:
                known = self._owners.setdefault(key, self._tagger.owner(name))
                self._provisional.add(key)
        return known

    def learn_row(self, prefix: str, key: str, owner: Owner) -> None:
        """Note that a row of a table is ``owner``'s: so is what refers to it by its key.

        ``prefix``: what the ids of the table's own people begin with.
        """
        place = _row(prefix, key)
        known = self._rows.get(place)
        if known is not None and known.ref == owner.ref:
            return
        with self._lock:
            self._rows[place] = owner
            named = place in self._named_by_row
            self._named_by_row.discard(place)
            if len(self._rows) > _MOST:
                for oldest in list(islice(self._rows, _MOST // 2)):
                    del self._rows[oldest]
        if named and known is None:
            self._tagger.alias(self._tagger.owner(prefix + key), owner)

    def whose_row(self, prefix: str, key: str) -> Owner | None:
        """Return whose a row is, None where that was never seen."""
        return self._rows.get(_row(prefix, key))

    def person(self, prefix: str, key: str) -> Owner:
        """Return whom the key of a row names: whose the row is; the row's own until it is seen."""
        if not prefix:
            return self._tagger.owner(key)
        place = _row(prefix, key)
        known = self._rows.get(place)
        if known is not None:
            return known
        if place not in self._named_by_row:
            with self._lock:
                if len(self._named_by_row) >= _MOST:
                    self._named_by_row.clear()
                self._named_by_row.add(place)
        return self._tagger.owner(prefix + key)


def _row(prefix: str, key: str) -> int:
    return hash((prefix, key.replace("-", "")))  # drivers give UUIDs with and without


def _key(table: str, column: str, name: str) -> int:
    return hash((table, column, name.strip().casefold()))
