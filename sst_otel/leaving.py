"""Processes that leave by ``os._exit``: what the audit log still buffers is written before.

Children of ``multiprocessing`` and of Celery's pool, and the work horses of RQ, end so: nothing of
``atexit`` runs there. Events are durable without this; outcomes and tags are not yet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sst_otel.beside import noting, watching
from sst_otel.patching import Patches

_PLACE = "leaving"


def install(flush: Callable[[], object]) -> Patches:
    """Have ``flush`` called when the work of such a process is done."""
    patches = Patches(_PLACE)

    def done(*_: Any) -> None:
        flush()

    # A worker of Celery's pool that has had its number of tasks comes back from nowhere.
    patches.wrap("billiard.pool", "Worker._do_exit", noting(_PLACE, done))

    for package in ("multiprocessing", "billiard"):
        patches.wrap(f"{package}.process", "BaseProcess._bootstrap", watching(_PLACE, done))
    performed = watching(_PLACE, done)
    patches.wrap("rq.worker", "Worker.perform_job", performed)
    return patches
