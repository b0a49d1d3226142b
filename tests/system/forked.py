"""What of ours runs in the processes that a server forks: each thing once, in each of them."""

from __future__ import annotations

from pathlib import Path

from tests.support import Vendor
from tests.system.launch import APPS, BINARIES, OTEL, launched, wait_until

EMAIL = "ann.quackenbusch@mail.example"
_ENVIRON = {"PYTHONPATH": str(APPS), "OTEL_TRACES_EXPORTER": "console"}


def check_children(
    command: tuple[str, ...],
    vendor: Vendor,
    folder: Path,
    processes: int,
    binaries: Path = BINARIES,
) -> None:
    """Start a site that serves by so many ``processes``, and have each of them export spans."""
    served: dict[int, list[str]] = {}
    asked = 0
    with launched(folder, vendor.url, (OTEL, *command), _ENVIRON, binaries=binaries) as app:

        def ask() -> bool:
            nonlocal asked
            asked += 1
            with app.client() as client:  # another connection each time, so another worker
                told = client.post(f"{app.url}/tell", data={"email": EMAIL}).json()
            served[told["process"]] = told["processors"]
            return len(served) == processes

        wait_until(ask)
        wait_until(lambda: _exported(app.log()) >= asked)
        app.stop()
        log = app.log()
        rows = app.rows()
        assert app.ours() == []
    for processors in served.values():
        assert processors.count("SpanStamp") == 1, processors
    assert EMAIL not in log
    assert _exported(log) == asked
    assert log.count('"sst.data.share"') == asked
    assert [row["outcome"] for row in rows] == ["sent"] * asked


def _exported(log: str) -> int:
    """Return how many calls to the vendor were exported, the address taken out of each."""
    return log.count("/people/{email")
