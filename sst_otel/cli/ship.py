"""``sst-otel ship``: deliver what ended processes have left in their journals."""

from __future__ import annotations

import argparse

from sst_otel.cli import opening
from sst_otel.cli.checks import number
from sst_otel.cli.errors import PROBLEMS, UNREADABLE, USAGE, CommandError

NAME = "ship"
HELP = "deliver what stands in the journals to SST_AUDIT_ENDPOINT, also for ended processes"
_WAIT = 30.0
"""Seconds to wait for a running application that is delivering."""


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Take nothing: what to deliver and where to is in the settings."""


def run(_options: argparse.Namespace) -> int:
    """Deliver once; 1 where the endpoint does not take it now or refused some for good."""
    from sst_otel.audit.outbox.drain import UndeliveredError, drain
    from sst_otel.audit.outbox.routes import route_of
    from sst_otel.suppress import suppressed

    used = opening.settings()
    if used.audit_endpoint is None:
        raise CommandError("SST_AUDIT_ENDPOINT is not set: there is nowhere to deliver to", USAGE)
    with suppressed():
        target = route_of(used).open()
        try:
            done = drain(target, used.spool_dir, _WAIT)
        except UndeliveredError as error:
            raise CommandError(f"the endpoint takes nothing now: {error}", PROBLEMS) from None
        except OSError as error:
            raise CommandError(
                f"{used.spool_dir} cannot be read: {error.strerror}", UNREADABLE
            ) from None
        finally:
            target.close()
    if done is None:
        raise CommandError("a running application is delivering; try again", PROBLEMS)
    removed = number(done.removed, "journal")
    print(f"{number(done.records, 'record')} delivered, {removed} of ended processes removed")
    if done.refused or done.corrupt:
        refused = sum(done.refused.values())
        print(f"{refused:,} refused for good, {done.corrupt:,} unreadable: left out")
        return PROBLEMS
    return 0
