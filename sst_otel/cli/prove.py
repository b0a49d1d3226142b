"""``sst-otel prove``: a proof that an event was sealed, for somebody who has no store."""

from __future__ import annotations

import argparse

from sst_otel.cli import opening
from sst_otel.cli.errors import PROBLEMS, CommandError
from sst_otel.cli.output import write_json
from sst_otel.cli.sealing import snapshot_of

NAME = "prove"
HELP = "print a proof that an event was sealed as it is, for `sst-otel verify --proof`"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the event's id."""
    parser.add_argument("event_id", help="as `sst-otel events --format json` prints it")


def run(options: argparse.Namespace) -> int:
    """Print the proof as JSON; 1 where there is none."""
    from sst_otel.audit.seals.proving import ProofError, prove

    try:
        with snapshot_of(opening.settings()) as connection:
            write_json(prove(connection, options.event_id))
    except ProofError as error:
        raise CommandError(str(error), PROBLEMS) from None
    return 0
