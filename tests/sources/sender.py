"""Another service of the same owner, as what it sends shows it."""

from __future__ import annotations

import time
from collections.abc import Callable

from sst_otel.datatypes import normalise
from sst_otel.keys import Keys, load_keys
from sst_otel.tags import Minter
from sst_otel.telemetry.baggage import Wire
from tests.support import Tracking

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


class Sender:
    """The other service: it has the key, and people of its own."""

    def __init__(self, tracking: Tracking) -> None:
        self.clock: Callable[[], float] = time.time
        self.use(load_keys(tracking.tracker.settings.key, tracking.directory / "none"))

    def use(self, keys: Keys) -> None:
        """Have it use a key, from now on."""
        self._wire = Wire(keys, lambda: self.clock())
        self._minter = Minter(keys.secret)
        self.owner_ref = self._minter.owner("customer 7").ref

    def tag_id(self, data_type: str, value: str) -> str:
        return self._minter.tag_id(self.owner_ref, data_type, normalise(data_type, value))

    def headers(self, **values: str) -> dict[str, str]:
        """Return what a call about ``values`` (by data type) brings."""
        tags = [
            (self.tag_id(kind, value), kind, self._wire.fingerprint(kind, value))
            for kind, value in values.items()
        ]
        members = self._wire.write(TRACE, self.owner_ref, tags)
        return {"traceparent": PARENT, "baggage": ",".join(["a=1", *members])}
