"""What waits in the journals, and whether what they are emptied into takes it."""

from __future__ import annotations

import os
from collections.abc import Iterator

from sst_otel.cli import opening
from sst_otel.cli.checks import NOTE, OK, PROBLEM, Finding
from sst_otel.settings import Settings

AREA = "outbox"


def outbox(settings: Settings) -> Iterator[Finding]:
    """Check the journals and where they go."""
    from sst_otel.audit.outbox.journal import SUFFIX

    spool = settings.spool_dir
    if spool.exists() and not os.access(spool, os.W_OK | os.X_OK):
        yield Finding(AREA, "journals", PROBLEM, f"{spool} cannot be written to")
    if settings.audit_endpoint is not None:
        yield _endpoint(settings)
    file = opening.database_file(settings.database_url)
    if settings.audit_endpoint is None and file is not None and not file.exists():
        return  # nothing has run here yet
    journals = {path.name: path.stat().st_size for path in spool.glob(f"*{SUFFIX}")}
    try:
        read = _positions(settings)
    except Exception as error:
        text = f"cannot be written: {opening.reason(error)}; the journals keep what is new"
        yield Finding(AREA, "database", PROBLEM, text)
        return
    waiting = sum(max(0, size - read.get(name, 0)) for name, size in journals.items())
    goal = "in the database" if settings.audit_endpoint is None else "delivered"
    text = f"{len(journals)} in {spool}, {waiting:,} bytes not yet {goal}"
    if waiting and settings.audit_endpoint is not None:
        text += "; sst-otel ship delivers what ended processes left"
    yield Finding(AREA, "journals", NOTE if waiting else OK, text)


def _positions(settings: Settings) -> dict[str, int]:
    from sst_otel.audit.outbox.routes import route_of
    from sst_otel.suppress import suppressed

    with suppressed():
        target = route_of(settings).open()
        try:
            return target.positions()
        finally:
            target.close()


def _endpoint(settings: Settings) -> Finding:
    """Ask the endpoint to take nothing, with the token."""
    from sst_otel.audit.outbox.drain import UndeliveredError
    from sst_otel.audit.outbox.shipping import Receiver
    from sst_otel.suppress import suppressed

    receiver = Receiver(settings.audit_endpoint or "", settings.audit_token, settings.spool_dir)
    try:
        with suppressed():
            status = receiver.probe()
    except UndeliveredError as error:
        text = f"takes nothing now: {error}; events wait in the journals"
        return Finding(AREA, "endpoint", PROBLEM, text)
    finally:
        receiver.close()
    if status >= 300:
        text = f"answers HTTP {status} to an empty request: is it an OTLP/HTTP receiver?"
        return Finding(AREA, "endpoint", PROBLEM, text)
    return Finding(AREA, "endpoint", OK, f"takes events (HTTP {status})")
