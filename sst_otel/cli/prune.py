"""``sst-otel prune``: remove what is older than a number of days from the audit store."""

from __future__ import annotations

import argparse
import time

from sst_otel.cli import opening
from sst_otel.cli.checks import number
from sst_otel.cli.days import days
from sst_otel.cli.errors import UNREADABLE, USAGE, CommandError

NAME = "prune"
HELP = "remove events older than a number of days, and all that only they referred to"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the age."""
    parser.add_argument(
        "--older-than",
        metavar="DAYS",
        required=True,
        type=days(1),
        help="days, as in 365 or 365d",
    )


def run(options: argparse.Namespace) -> int:
    """Remove; months of PostgreSQL that are old altogether are dropped whole."""
    from sqlalchemy.exc import SQLAlchemyError

    from sst_otel.audit.store import Store

    used = opening.settings()
    try:
        opening.require_store(used)
        store = Store(used.database_url)
    except ValueError as error:
        raise CommandError(str(error), USAGE) from None
    try:
        removed = store.apply_retention(options.older_than, time.time())
    except (SQLAlchemyError, RuntimeError, OSError) as error:
        text = f"the audit store cannot be written ({opening.reason(error)})"
        raise CommandError(text, UNREADABLE) from None
    finally:
        store.close()
    print(f"{number(removed, 'event')} removed")
    return 0
