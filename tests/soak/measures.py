"""How long a soak is, what it may cost, and how that is measured."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from queue import Empty

from tests.support import Vendor

APPS = Path(__file__).resolve().parents[1] / "apps"
REQUESTS = int(os.environ.get("SST_SOAK_REQUESTS", "300"))
VALUES = 1_000
"""Budget of the registry; all that is known of everybody is less, what is in both halves more."""
SLACK = 8_000_000
"""Bytes that a process may grow by for reasons of its own: arenas, threads' stacks."""


def forget(vendor: Vendor) -> None:
    """Keep nothing of what came: it would be all that grows."""
    vendor.received.clear()
    try:
        while True:
            vendor.messages.get_nowait()
    except Empty:
        return


def memory() -> int:
    """Return the resident size of this process in bytes; 0 where there is no ``/proc``."""
    gc.collect()
    try:
        pages = Path("/proc/self/statm").read_text().split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
