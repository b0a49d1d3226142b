"""Makes calls on demand and tells what CPU each took; the variants of it are told by arguments.

``caller.py PORTS [live] [shared] [--without-store]``. Reads lines ``[door, size, calls]``, answers
with the CPU seconds of one call. ``live``: somebody's data is known in the process; ``shared``: the
body holds some of it. Without store the journal writes nothing.

CPU is the process's less that of our background threads, which is told apart at ``background``.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

from doors import DOORS, Send
from matching import document, person

if "--without-store" in sys.argv:
    from sst_otel.audit.outbox.journal import Journal

    Journal.append = lambda self, records: None  # type: ignore[assignment,method-assign]

PIECE = 20_000
LONGEST = 0.05
"""Seconds of one measurement."""
BACKGROUND = ("sst-housekeeping", "sst-drainer")


def body_of(size: int, shared: bool) -> bytes:
    """Return a JSON document of about ``size`` bytes, with an e-mail address and a name or not."""
    tree: dict[str, Any] = document(min(size, PIECE), 0)
    piece = tree["items"]
    for number in range(1, size // PIECE):
        tree["items"] = tree["items"] + [
            {**item, "sku": f"{item['sku']}-{number}", "title": f"{item['title']} {number}"}
            for item in piece
        ]
    if shared:
        known = dict(person(3))
        tree["customer"] = {"email": known["email"], "name": known["name"]}
    return json.dumps(tree).encode()


def background() -> float:
    """Return the CPU seconds that our background threads have used."""
    spent = 0.0
    for thread in threading.enumerate():
        if thread.name in BACKGROUND:
            schedule = Path(f"/proc/self/task/{thread.native_id}/schedstat").read_text()
            spent += int(schedule.split()[0]) / 1e9
    return spent


def seconds(send: Send, body: bytes, calls: int) -> float:
    """Return the CPU seconds of one of so many calls, fewer where they take long."""
    made, before = 0, time.process_time() - background()
    until = time.perf_counter() + LONGEST
    while made < calls and (made == 0 or time.perf_counter() < until):
        send(body)
        made += 1
    return (time.process_time() - background() - before) / made


def main() -> None:
    """Answer until the input ends."""
    ports: dict[str, int] = json.loads(sys.argv[1])
    shared = "shared" in sys.argv
    if "live" in sys.argv:
        import sst_otel

        for data_type, value in [*person(3), ("city", "Amersfoort"), ("first_name", "Noor")]:
            sst_otel.tag(value, data_type, owner_id="3")
    opened: dict[str, Send] = {}
    bodies: dict[int, bytes] = {}
    for line in sys.stdin:
        door, size, calls = json.loads(line)
        if door == "background":
            print(background(), flush=True)
            continue
        if size not in bodies:
            bodies[size] = body_of(size, shared)
        body = bodies[size]
        if door == "json.dumps":
            tree = json.loads(body)
            print(seconds(lambda _, tree=tree: json.dumps(tree), body, calls), flush=True)  # type: ignore[misc]
            continue
        if door not in opened:
            opened[door] = DOORS[door](ports)
        print(seconds(opened[door], body, calls), flush=True)


if __name__ == "__main__":
    main()
