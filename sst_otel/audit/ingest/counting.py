"""What the ingest has done since it began, as Prometheus reads it (text format 0.0.4)."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence

from sst_otel.audit.records import Record, kind_of_record

_PATHS = frozenset({"/v1/logs", "/v1/traces", "/healthz", "/metrics"})


class Counts:
    """Counters of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: Counter[tuple[str, int]] = Counter()
        self._records: Counter[str] = Counter()
        self._dead = 0
        self._others = 0
        self._latest = 0.0
        self._lag = 0.0

    def answered(self, path: str, status: int) -> None:
        """Count an answer."""
        with self._lock:
            self._answers[path if path in _PATHS else "other", status] += 1

    def kept(self, records: Sequence[Record], dead: int, others: int) -> None:
        """Count what a request held that is in the database now."""
        now = time.time()
        with self._lock:
            self._records.update(map(kind_of_record, records))
            self._dead += dead
            self._others += others
            if records:
                self._latest = now
                self._lag = now - max(record.at for record in records)

    def exposed(self) -> bytes:
        """Return all of it."""
        with self._lock:
            lines = [
                *_series(
                    "sst_ingest_requests_total",
                    "counter",
                    "Answers by path and status.",
                    [
                        (f'path="{path}",status="{status}"', count)
                        for (path, status), count in sorted(self._answers.items())
                    ],
                ),
                *_series(
                    "sst_ingest_records_total",
                    "counter",
                    "Audit records taken, those that were there already included.",
                    [(f'kind="{kind}"', count) for kind, count in sorted(self._records.items())],
                ),
                *_series(
                    "sst_ingest_dead_letters_total",
                    "counter",
                    "Records that could not be read or stored, put aside.",
                    [("", self._dead)],
                ),
                *_series(
                    "sst_ingest_others_total",
                    "counter",
                    "Log records and spans that tell nothing of shares.",
                    [("", self._others)],
                ),
                *_series(
                    "sst_ingest_latest_timestamp_seconds",
                    "gauge",
                    "When records were stored last, since the epoch.",
                    [("", self._latest)],
                ),
                *_series(
                    "sst_ingest_lag_seconds",
                    "gauge",
                    "Age of the newest record of that request when it was stored.",
                    [("", self._lag)],
                ),
            ]
        return "".join(lines).encode()


def _series(
    name: str, kind: str, meaning: str, samples: Iterable[tuple[str, float]]
) -> Iterable[str]:
    yield f"# HELP {name} {meaning}\n# TYPE {name} {kind}\n"
    for labels, value in samples:
        yield f"{name}{{{labels}}} {value}\n" if labels else f"{name} {value}\n"
