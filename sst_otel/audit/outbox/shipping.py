"""Delivers audit records to a collector or an ingest by OTLP/HTTP, until it has said 2xx.

Nothing that a receiver may take later is given up: refused connections, 5xx, 429, a wrong token or
path leave the journals as they are. Only a record that is refused *alone* as malformed or too large
(400, 413), by a receiver that takes an empty request, is left out, as it would hold up the others
for ever; it is counted, and a gap tells it.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sst_otel.audit.outbox.drain import UndeliveredError
from sst_otel.audit.outbox.positions import Positions
from sst_otel.audit.records import Record

if TYPE_CHECKING:
    import requests

_PATH = "/v1/logs"
_MAX_BODY = 4 * 1024 * 1024
"""Bytes of a request before compression: a collector takes 20 MiB, gRPC behind it 4."""
_MAX_RECORDS = 2000
_TIMEOUTS = (5.0, 30.0)
"""Seconds to connect, and to wait for an answer: an ingest waits for its database meanwhile."""
_REFUSED_FOR_GOOD = frozenset({400, 413})
_FAST = 1
"""Level of compression: a tenth of the time of the usual one for 15 % more bytes."""


class Receiver:
    """An OTLP/HTTP receiver of logs at ``endpoint`` (base URL), as a place that is drained into.

    ``token``: sent as bearer. Not for several threads at once, nor across a fork. Methods raise
    :class:`~sst_otel.audit.outbox.drain.UndeliveredError`, and ``OSError`` for the directory.
    """

    def __init__(self, endpoint: str, token: str | None, directory: Path) -> None:
        self._url = endpoint.rstrip("/") + _PATH
        self._token = token
        self._positions = Positions(directory)
        self._session: requests.Session | None = None

    def positions(self) -> dict[str, int]:
        """Return how far each journal has been delivered, in bytes."""
        return self._positions.read()

    def append(self, records: Sequence[Record], journal: str, position: int) -> list[Record]:
        """Deliver ``records``, then note that ``journal`` has been up to ``position``.

        Returns those that were refused for good.
        """
        refused: list[Record] = []
        for start in range(0, len(records), _MAX_RECORDS):
            refused += self._deliver(records[start : start + _MAX_RECORDS])
        self._positions.write({**self._positions.read(), journal: position})
        return refused

    def probe(self) -> int:
        """Return the status of an answer to a request without records: 2xx, 400 or 413."""
        return self._send(b"")

    def forget_journal(self, name: str) -> None:
        """Drop the position of a journal whose file is gone."""
        positions = self._positions.read()
        if positions.pop(name, None) is not None:
            self._positions.write(positions)

    def close(self) -> None:
        """Close the connection."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _deliver(self, records: Sequence[Record]) -> list[Record]:
        from sst_otel.audit.otlp import request_of

        body = request_of(records).SerializeToString()
        fits = len(body) <= _MAX_BODY or len(records) == 1
        if fits:
            status = self._send(body)
            if status < 300:
                return []
            if len(records) == 1:
                status = self.probe()  # a server of another kind refuses everything
                if status < 300:
                    return [records[0]]
                raise UndeliveredError(f"HTTP {status}")
        half = len(records) // 2
        return self._deliver(records[:half]) + self._deliver(records[half:])

    def _send(self, body: bytes) -> int:
        """Return the status of an answer that settles something: 2xx, 400 or 413."""
        import requests

        if self._session is None:
            self._session = requests.Session()
        headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            answer = self._session.post(
                self._url,
                data=gzip.compress(body, _FAST),
                headers=headers,
                timeout=_TIMEOUTS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            self.close()
            raise UndeliveredError(type(error).__name__) from None
        if answer.status_code < 300 or answer.status_code in _REFUSED_FOR_GOOD:
            return answer.status_code
        raise UndeliveredError(f"HTTP {answer.status_code}")
