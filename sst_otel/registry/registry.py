"""The process-wide registry of tagged values: who has which value, until it expires.

Adding is cheap because indexing waits: a value is folded and indexed when the first payload is
looked at, and never when nothing leaves. Of two generations the older is dropped as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sst_otel.datatypes import bits
from sst_otel.locks import new_lock
from sst_otel.missed import EVICTED, missed
from sst_otel.registry.datum import ROWS, STRONG_BITS, Datum, strength
from sst_otel.registry.forms import NAME_PARTS, WeakForms, folded_forms
from sst_otel.registry.identity import MARKABLE
from sst_otel.registry.index import Index, listed
from sst_otel.registry.made import Made
from sst_otel.registry.mailboxes import Mailboxes
from sst_otel.registry.text import phrase
from sst_otel.tags import Owner

_REMEMBERED = 100
_SEVERAL = 2
_LONGEST_VALUE = 4_096
"""Characters of a value that are kept; longer free text is recognised by its beginning."""
_BYTES_A_VALUE = 700
"""What a value of usual length takes, indexed (``benchmarks/matching.py`` measures it)."""
_BYTES_A_CHARACTER = 4
_MAX_BYTES = 100_000_000
_SINGLETONS = frozenset({bool, type(None)})


class _Generation:
    def __init__(self, started: float) -> None:
        self.started = started
        self.values: dict[tuple[Any, ...], Datum] = {}
        self.bytes = 0
        self.owners: dict[str, dict[Datum, None]] = {}
        self.pending: list[Datum] = []
        self.unread: list[Datum] = []
        self.written: dict[tuple[str, str], list[Datum]] = {}
        self.index = Index()
        self.weak: dict[str, WeakForms] = {}
        self.words: dict[str, tuple[int, frozenset[str]]] = {}


class Registry:
    """Tagged values of everybody.

    ``max_values``, ``max_seconds`` and ``max_bytes`` (estimated) are the budget; ``clock`` gives
    seconds, monotonic.
    """

    def __init__(
        self,
        max_values: int,
        max_seconds: float,
        clock: Callable[[], float],
        max_bytes: int = _MAX_BYTES,
    ) -> None:
        self._half = max(1, max_values // 2)
        self._half_bytes = max_bytes // 2
        self._half_life = max_seconds / 2
        self._clock = clock
        self._lock = new_lock()
        self._young = _Generation(clock())
        self._old = _Generation(clock())
        self.mailboxes = Mailboxes()
        """Addresses that are nobody's."""

    def __len__(self) -> int:
        return len(self._young.values) + len(self._old.values)

    def add(self, owner: Owner, data_type: str, value: Any, source: str) -> Datum:
        """Return the datum of this value, new or known; it lives at least half the time budget.

        An object of the application's own type is never compared: of a text its letters are taken,
        of anything else nothing is kept.
        """
        kind = type(value)
        if kind is str:
            if len(value) > _LONGEST_VALUE:
                value = value[:_LONGEST_VALUE]
        elif kind not in MARKABLE and kind not in _SINGLETONS:
            if not issubclass(kind, str):
                return Datum(owner, data_type, "", source)
            value = str.__str__(value)[:_LONGEST_VALUE]
        key = (owner.ref, data_type, type(value), value)
        datum = self._young.values.get(key)
        if datum is not None:
            datum.stored = datum.stored or source.startswith(ROWS)
            return datum
        with self._lock:
            self._rotate()
            datum = self._old.values.pop(key, None)
            if datum is None:
                datum = Datum(owner, data_type, value, source)
            else:
                datum.stored = datum.stored or source.startswith(ROWS)
            self._young.values[key] = datum
            length = len(value) if type(value) in (str, bytes) else 0
            self._young.bytes += _BYTES_A_VALUE + _BYTES_A_CHARACTER * length
            self._young.owners.setdefault(datum.owner.ref, {})[datum] = None
            self._young.pending.append(datum)
            self._young.unread.append(datum)
        return datum

    def known(self, owner: Owner, data_type: str, value: Any) -> Datum | None:
        """Return the datum of this value if it is among the recent ones; nothing is added."""
        return self._young.values.get((owner.ref, data_type, type(value), value))

    def of_owner(self, owner_ref: str) -> Iterator[Datum]:
        """Yield everything known of one person."""
        with self._lock:
            found = [
                *self._young.owners.get(owner_ref, ()),
                *self._old.owners.get(owner_ref, ()),
            ]
        yield from found

    def words_of(
        self, owner_ref: str, words_in: Callable[[Iterator[object]], frozenset[str]]
    ) -> frozenset[str]:
        """Return ``words_in(values)`` of one person, made anew when there are more values."""
        young, old = self._young, self._old
        size = len(young.owners.get(owner_ref, ())) + len(old.owners.get(owner_ref, ()))
        known = young.words.get(owner_ref)
        if known is None or known[0] != size:
            known = (size, words_in(datum.value for datum in self.of_owner(owner_ref)))
            _remember(young.words, owner_ref, known)
        return known[1]

    def weak_of(self, owner_ref: str) -> list[WeakForms]:
        """Return the weak values of one person, those of each generation."""
        found = []
        with self._lock:
            for generation in (self._young, self._old):
                data = generation.owners.get(owner_ref)
                if data:
                    forms = generation.weak.get(owner_ref)
                    if forms is None:
                        forms = WeakForms(data)
                        _remember(generation.weak, owner_ref, forms)
                    found.append(forms.read())
        return found

    def weak_written(self) -> tuple[Mapping[tuple[str, str], list[Datum]], ...]:
        """Return everybody's weak values by type and the phrase they may be written as.

        Of a value that several have, two of them.
        """
        with self._lock:
            self._rotate()
            generations = (self._young, self._old)
            news = [(each, each.unread) for each in generations if each.unread]
            for each, _ in news:
                each.unread = []
        for each, unread in news:  # not within the lock: requests wait for it
            for datum in unread:
                if strength(datum) < STRONG_BITS:
                    for form in folded_forms(datum):
                        _note(each.written, (datum.data_type, form), datum)
        return tuple([each.written for each in generations if each.written])

    def indexes(self) -> tuple[Index, ...]:
        """Return the indexes to look up content in, with everything added so far."""
        with self._lock:
            self._rotate()
            young, old = self._young, self._old
            _index_pending(young)
            if not old.values and not old.index.made:
                return (young.index,)
            _index_pending(old)
            return (young.index, old.index)

    def made(self) -> Made:
        """Return where to note what is made of values now; it lives as long as values do."""
        with self._lock:
            self._rotate()
            return self._young.index.made

    def reassign(self, visitor: Owner, owner: Owner) -> None:
        """Give a visitor's data to the account they turned out to be."""
        with self._lock:
            for generation in (self._young, self._old):
                moved = generation.owners.pop(visitor.ref, {})
                generation.weak.pop(visitor.ref, None)
                generation.words.pop(visitor.ref, None)
                home = generation.owners.setdefault(owner.ref, {}) if moved else {}
                for datum in moved:
                    datum.owner = owner
                    datum.tag = None
                    datum.collected = False
                    home[datum] = None

    def give(self, datum: Datum, owner: Owner) -> None:
        """Give one value to somebody else: who had it may come to have the same one anew."""
        former, value = datum.owner.ref, datum.value
        with self._lock:
            for generation in (self._young, self._old):
                key = (former, datum.data_type, type(value), value)
                if generation.values.get(key) is datum:
                    del generation.values[key]
                    generation.values.setdefault((owner.ref, *key[1:]), datum)
                theirs = generation.owners.get(former, {})
                if datum in theirs:
                    del theirs[datum]
                    generation.owners.setdefault(owner.ref, {})[datum] = None
                    for ref in (former, owner.ref):
                        generation.weak.pop(ref, None)
                        generation.words.pop(ref, None)
            datum.owner = owner
            datum.tag = None
            datum.collected = False

    def holding(self, text: str) -> list[Datum]:
        """Return everybody's strong values that read like ``text``."""
        key = phrase(text)
        entries = [index.phrases.get(key) for index in self.indexes()]
        return [datum for entry in entries if entry is not None for datum in listed(entry)]

    def sweep(self) -> None:
        """Drop what has expired; called by housekeeping so that an idle process forgets too."""
        with self._lock:
            self._rotate()

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._young = _Generation(self._clock())
            self._old = _Generation(self._clock())

    def _rotate(self) -> None:
        now = self._clock()
        young = self._young
        full = len(young.values) >= self._half or young.bytes >= self._half_bytes
        if not full and now - young.started < self._half_life:
            return
        if now - young.started >= 2 * self._half_life:
            young = _Generation(now)  # nothing came for so long that both have expired
        elif self._old.values and now - young.started < self._half_life:
            missed(EVICTED, count=len(self._old.values))
        self._old = young
        self._young = _Generation(now)


def _remember(made: dict[str, Any], owner_ref: str, what: Any) -> None:
    """Keep what was made of one person's values, for the people whose calls are under way."""
    if len(made) >= _REMEMBERED:
        made.clear()
    made[owner_ref] = what


def _note(written: dict[tuple[str, str], list[Datum]], key: tuple[str, str], datum: Datum) -> None:
    known = written.setdefault(key, [])
    if len(known) < _SEVERAL and all(datum.owner != other.owner for other in known):
        known.append(datum)


def _index_pending(generation: _Generation) -> None:
    if generation.pending:
        pending, generation.pending = generation.pending, []
        for datum in pending:
            _index(generation, datum)


def _index(generation: _Generation, datum: Datum) -> None:
    if strength(datum) >= STRONG_BITS:
        generation.index.add(datum)
        return
    other_part = NAME_PARTS.get(datum.data_type)
    if other_part is None or not datum.owner.ref:
        return  # what nobody knows the owner of is not one person's
    for other in generation.owners.get(datum.owner.ref, ()):
        if other.data_type == other_part:
            first, last = (datum, other) if datum.data_type == "first_name" else (other, datum)
            name = f"{first.value} {last.value}"
            if bits("name", name) >= STRONG_BITS:
                generation.index.add_name(name, first, last)
