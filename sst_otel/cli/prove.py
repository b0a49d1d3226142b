"""``sst-otel prove``: a proof that an event was sealed, for somebody who has no store."""

from __future__ import annotations

import argparse

from sst_otel.cli import opening
from sst_otel.cli.errors import PROBLEMS, UNREADABLE, USAGE, CommandError
from sst_otel.cli.output import write_json

NAME = "prove"
HELP = "print a proof that an event was sealed as it is, for `sst-otel verify --proof`"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the event's id."""
    parser.add_argument("event_id", help="as `sst-otel events --format json` prints it")


def run(options: argparse.Namespace) -> int:
    """Print the proof as JSON; 1 where there is none."""
    from sqlalchemy.exc import SQLAlchemyError

    from sst_otel.audit.seals.proving import ProofError, prove
    from sst_otel.audit.seals.verifying import snapshot
    from sst_otel.audit.store import Store

    used = opening.settings()
    opening.require_store(used)
    try:
        store = Store(used.database_url)
    except ValueError as error:
        raise CommandError(str(error), USAGE) from None
    try:
        with store.reading() as connection:
            snapshot(connection)
            write_json(prove(connection, options.event_id))
    except ProofError as error:
        raise CommandError(str(error), PROBLEMS) from None
    except SQLAlchemyError as error:
        text = f"the audit store cannot be read: {opening.reason(error)}"
        raise CommandError(text, UNREADABLE) from None
    finally:
        store.close()
    return 0
