"""What was shared while a test ran, read from the store that tracking wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, overload

from sst_otel import guard, semconv, tracker
from sst_otel.audit import open_reader
from sst_otel.keys import Keys
from sst_otel.matching.reasons import reasons, sentence
from sst_otel.pages.reading import code_line
from sst_otel.settings import Settings

_EVERYTHING = 1_000_000


@dataclass(frozen=True, slots=True)
class Found:
    """One personal datum in a share."""

    data_type: str
    evidence: str
    """``exact``, ``normalized``, ``encoded``, ``hashed``, ``derived``, ``composed``, ``field``."""
    path: str
    """Where in the payload, e.g. ``body.user_data.em``."""
    why: str
    """Which rule found it, in words."""


@dataclass(frozen=True, slots=True)
class Share:
    """One outgoing call that carried one person's data."""

    owner: str | None
    """The application's own id of the person; None for a visitor or a person who is not known."""
    types: frozenset[str]
    """The data types in it; ``derived`` stands for a computed value."""
    recipient: str
    """The organisation in the register, ``unknown`` where it is not there."""
    destination: str
    """``POST api.crm.example/v1/contacts``, ``OpenAI:responses.create``, …"""
    host: str
    event_type: str
    """``external_api``, ``http_request`` (first party), ``database_write``, …"""
    route: str
    """The route whose request shared, ``""`` outside of one."""
    line: str
    """``file:line in function`` of the application, ``""`` where none was on the stack."""
    outcome: str | None
    found: tuple[Found, ...]
    event: Mapping[str, Any]
    """The whole event, as the JSON API gives it."""

    @property
    def is_database(self) -> bool:
        """Whether the application's own database was written or read."""
        return self.event_type.startswith("database_")

    def __str__(self) -> str:
        types = ", ".join(sorted(self.types))
        named = "" if self.recipient == "unknown" else f"{self.recipient}: "
        return f"{types} of {self.owner or 'somebody not known'} to {named}{self.destination}"


class Shares(Sequence[Share]):
    """What was shared so far, oldest first; read anew each time it is looked at.

    After the ``with`` block of :func:`~sst_otel.testing.tracking` it stays what it was at the end.
    """

    def __init__(self, settings: Settings, keys: Keys) -> None:
        self.settings = settings
        self._keys = keys
        self._seen: set[str] = set()
        self._kept: list[Share] | None = None
        self._failures = guard.error_counts()

    def __len__(self) -> int:
        return len(self.read())

    @overload
    def __getitem__(self, index: int) -> Share: ...
    @overload
    def __getitem__(self, index: slice) -> list[Share]: ...
    def __getitem__(self, index: int | slice) -> Share | list[Share]:
        """Return one share, or several."""
        return self.read()[index]

    def __iter__(self) -> Iterator[Share]:
        """Iterate over what was shared up to now."""
        return iter(self.read())

    def __repr__(self) -> str:
        return f"<Shares: {'; '.join(map(str, self.read())) or 'none'}>"

    def clear(self) -> None:
        """Forget what was shared up to now: a preparation that is not what the test is about."""
        self._seen.update(share.event["event_id"] for share in self.read())
        if self._kept is not None:
            self._kept = []

    @property
    def failures(self) -> dict[str, int]:
        """Failures of sst_otel itself since tracking began, by place; empty if all is well."""
        now = guard.error_counts()
        return {
            place: count - self._failures.get(place, 0)
            for place, count in now.items()
            if count > self._failures.get(place, 0)
        }

    def read(self) -> list[Share]:
        """Return what was shared up to now."""
        if self._kept is not None:
            return list(self._kept)
        running = tracker.running()
        if running is not None:
            running.audit.flush()
        with closing(open_reader(self.settings, self._keys)) as reader:
            events, _ = reader.audit_logs(viewer=None, limit=_EVERYTHING)
            data, _ = reader.provenance(viewer=None, limit=_EVERYTHING)
            owners = {event["owner_id"] for event in events} - {None}
            # As a viewer only an application's own id has rows, a visitor's pseudonym has none.
            known = {one for one in owners if reader.audit_logs(viewer=one, limit=1)[0]}
        types = {datum["tag_id"]: str(datum["data_type"]) for datum in data}
        fresh = [event for event in reversed(events) if event["event_id"] not in self._seen]
        return [_share(event, types, known) for event in fresh]

    def keep(self) -> None:
        """Keep what there is: the store goes away."""
        self._kept = self.read()


def _share(event: Mapping[str, Any], types: Mapping[str, str], known: set[str]) -> Share:
    findings = zip(
        event["tag_ids"],
        event["evidence"],
        event["paths"],
        reasons(event["metadata"], len(event["tag_ids"])),
        strict=True,
    )
    return Share(
        owner=event["owner_id"] if event["owner_id"] in known else None,
        types=frozenset(event["data_types"]),
        recipient=event["recipient"],
        destination=event["destination"],
        host=str(event["metadata"].get(semconv.SERVER_ADDRESS, "")),
        event_type=event["event_type"],
        route=event["route"],
        line=code_line(event),
        outcome=event["outcome"],
        found=tuple(
            Found(types.get(tag_id, ""), evidence, path, sentence(reason, evidence))
            for tag_id, evidence, path, reason in findings
        ),
        event=event,
    )
