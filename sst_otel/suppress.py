"""Our own work runs suppressed: it is never a source, a sink or a span (design rule 11).

OpenTelemetry's own suppression flag is not enough to tell our work apart: vendors' exporters set it
too, and what they send is a share. So the context variable here is ours alone; OpenTelemetry's
flag is set beside it so that other instrumentations stay quiet.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry.instrumentation.utils import suppress_instrumentation

_suppressed: ContextVar[bool] = ContextVar("sst_suppressed", default=False)


@contextmanager
def suppressed() -> Iterator[None]:
    """Mark everything in the block, in this thread or task, as our own work."""
    token = _suppressed.set(True)
    try:
        with suppress_instrumentation():
            yield
    finally:
        _suppressed.reset(token)


def is_suppressed() -> bool:
    """Tell a source or sink whether the running code is our own work."""
    return _suppressed.get()
