"""What tracking does, as metrics: by the API only, into whatever meter provider there is or comes.

One set of instruments a process, made once: a meter keeps the callbacks of every one made. All but
the durations are read when a reader asks, so that counting costs no more than a dictionary.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from opentelemetry.metrics import CallbackOptions, Meter, NoOpMeter, Observation, get_meter

from sst_otel import semconv
from sst_otel.guard import error_counts, guard
from sst_otel.locks import new_lock
from sst_otel.shares import SharingEvent

_SCOPE = "sst_otel"
_recording = guard("telemetry.metrics")
_MOST_RECIPIENTS = 200
_OTHER = "other"
_SECONDS = (0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Bounds of the durations: a small body takes some tens of microseconds, a large one more."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What of a running tracker is read when metrics are collected."""

    values: Callable[[], int]
    """How many tagged values are in memory."""
    tags: Callable[[], Mapping[str, int]]
    """Tags noted in the audit log so far, by data type."""
    buffered: Callable[[], int]
    """Bytes of audit records that are in memory only."""
    spooled: Callable[[], int]
    """Bytes of the journals of all processes that write to this one's directory."""
    lost: Callable[[], Mapping[str, int]]
    """Audit records that nobody will see, by kind."""


class Metrics:
    """The instruments of :func:`process_metrics`, and the counts that they show."""

    def __init__(self, meter: Meter) -> None:
        self._lock = new_lock()
        self._recipients: set[str] = set()
        self._shares: Counter[tuple[str, str, str]] = Counter()
        self._observed: Observed | None = None
        durations = meter.create_histogram(
            semconv.METRIC_MATCH_DURATION,
            "s",
            "Time to look through an outgoing call for personal data.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._record = durations.record
        meter.create_observable_counter(
            semconv.METRIC_SHARES,
            [self._read_shares],
            "{share}",
            "Outgoing calls that carried somebody's personal data, once a person and data type.",
        )
        meter.create_observable_counter(
            semconv.METRIC_TAGS,
            [self._by(lambda of: of.tags(), semconv.DATA_TYPE)],
            "{tag}",
            "Tags of personal data noted in the audit log, once a source.",
        )
        meter.create_observable_counter(
            semconv.METRIC_OUTBOX_LOST,
            [self._by(lambda of: of.lost(), semconv.RECORD_KIND)],
            "{record}",
            "Audit records that nobody will see.",
        )
        meter.create_observable_counter(
            semconv.METRIC_ERRORS, [_read_errors], "{error}", "Failures of tracking itself."
        )
        for name, unit, read, description in (
            (
                semconv.METRIC_REGISTRY_SIZE,
                "{value}",
                lambda of: of.values(),
                "Tagged values in memory.",
            ),
            (
                semconv.METRIC_OUTBOX_BUFFERED,
                "By",
                lambda of: of.buffered(),
                "Audit records that are in memory only.",
            ),
            (
                semconv.METRIC_OUTBOX_SIZE,
                "By",
                lambda of: of.spooled(),
                "Journals of audit records, until they are read into the store and removed.",
            ),
        ):
            meter.create_observable_up_down_counter(name, [self._reader(read)], unit, description)

    def observe(self, observed: Observed | None) -> None:
        """Read from this tracker from now on; None = tracking has stopped."""
        self._observed = observed

    def matched(self, kind: str, seconds: float) -> None:
        """Note how long a call of ``kind`` was looked at."""
        with _recording:
            self._record(seconds, {semconv.EVENT_TYPE: kind})

    def shared(self, event: SharingEvent) -> None:
        """Count an event under its recipient and each of its data types."""
        types = {finding.tag.data_type for finding in event.findings}
        with self._lock:
            name = self._name(event.recipient.name)
            purpose = event.recipient.purpose if name != _OTHER else _OTHER
            for data_type in types:
                self._shares[name, purpose, data_type] += 1

    def _name(self, recipient: str) -> str:
        if recipient not in self._recipients:
            if len(self._recipients) >= _MOST_RECIPIENTS:
                return _OTHER
            self._recipients.add(recipient)
        return recipient

    def _read_shares(self, _options: CallbackOptions) -> list[Observation]:
        with self._lock:
            counts = list(self._shares.items())
        return [
            Observation(
                count,
                {
                    semconv.RECIPIENT_NAME: name,
                    semconv.RECIPIENT_PURPOSE: purpose,
                    semconv.DATA_TYPE: data_type,
                },
            )
            for (name, purpose, data_type), count in counts
        ]

    def _by(
        self, read: Callable[[Observed], Mapping[str, int]], attribute: str
    ) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def callback(_options: CallbackOptions) -> list[Observation]:
            counts = read(self._observed) if self._observed is not None else {}
            return [Observation(count, {attribute: name}) for name, count in counts.items()]

        return callback

    def _reader(
        self, read: Callable[[Observed], int]
    ) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def callback(_options: CallbackOptions) -> list[Observation]:
            return [Observation(read(self._observed))] if self._observed is not None else []

        return callback


def _read_errors(_options: CallbackOptions) -> list[Observation]:
    return [
        Observation(count, {semconv.ERROR_PLACE: place}) for place, count in error_counts().items()
    ]


@cache
def process_metrics() -> Metrics:
    """Return this process's metrics; none are shown by a provider that cannot make them."""
    with _recording:
        return Metrics(get_meter(_SCOPE))
    return Metrics(NoOpMeter(_SCOPE))
