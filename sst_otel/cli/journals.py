"""The journals of this machine, as far as an erasure goes."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from sst_otel.cli.errors import PROBLEMS, UNREADABLE, CommandError
from sst_otel.settings import Settings

if TYPE_CHECKING:
    from sst_otel.audit.outbox.purging import Purged

WAIT = 30.0
"""Seconds to wait for a running application that is reading them."""
BUSY = "a running application is reading the journals; try again"


def purged(
    used: Settings, refs: Collection[str], positions: Mapping[str, int] | None = None
) -> Purged:
    """Overwrite what tells of these owner_refs; raises ``OSError``."""
    from sst_otel.audit.outbox.purging import purge

    done = purge(used.spool_dir, refs, positions or {}, WAIT)
    if done is None:
        raise CommandError(BUSY, PROBLEMS)
    return done


def delivered_and_purged(used: Settings, refs: Collection[str]) -> Purged:
    """Deliver what the endpoint takes, overwrite what tells of these owner_refs.

    What was not delivered before that is told by a gap.
    """
    from sst_otel.audit.outbox.drain import UndeliveredError, drain
    from sst_otel.audit.outbox.journal import Journal
    from sst_otel.audit.outbox.routes import route_of
    from sst_otel.audit.records import GapRecord, gap_record
    from sst_otel.shares import new_event_id
    from sst_otel.suppress import suppressed

    with suppressed():
        target = route_of(used).open()
        try:
            try:
                drain(target, used.spool_dir, WAIT)
            except UndeliveredError as error:
                text = f"the endpoint takes nothing now ({error}): what waits for it goes, too"
                print(f"sst-otel: {text}", file=sys.stderr)
            done = purged(used, refs, target.positions())
            if done.undelivered:
                gap = GapRecord(
                    new_event_id(done.until),
                    used.service_name,
                    done.since,
                    done.until,
                    dict(done.undelivered),
                    "erased before they were delivered",
                )
                journal = Journal(used.spool_dir)
                journal.append([gap_record(gap)])
                journal.close()
        except OSError as error:
            text = f"{used.spool_dir} cannot be written: {error.strerror}"
            raise CommandError(text, UNREADABLE) from None
        finally:
            target.close()
    return done
