"""``sst-otel seal``: seal what was written since the last time."""

from __future__ import annotations

import argparse
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from sst_otel.cli import opening
from sst_otel.cli.checks import number
from sst_otel.cli.errors import UNREADABLE, CommandError
from sst_otel.cli.sealing import add_every, sealer, until_told

if TYPE_CHECKING:
    from sst_otel.audit.seals.headers import Header

NAME = "seal"
HELP = "seal what was written into SST_DATABASE_URL, so that a change of it can be found"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the interval."""
    add_every(parser, "sealing")


def run(options: argparse.Namespace) -> int:
    """Seal once, or at intervals; a line a batch."""
    from sqlalchemy.exc import SQLAlchemyError

    used = opening.settings()
    opening.require_store(used)
    made = sealer(used)
    if options.every is not None:
        until_told(lambda: made.run(options.every, _tell), made.stop)
        return 0
    try:
        batches = made.seal()
    except (SQLAlchemyError, RuntimeError) as error:
        text = f"the audit store cannot be written: {opening.reason(error)}"
        raise CommandError(text, UNREADABLE) from None
    except OSError as error:
        text = f"sealed, but the anchor cannot be written: {error.strerror}"
        raise CommandError(text, UNREADABLE) from None
    for header in batches:
        _tell(header)
    if not batches:
        print("another process is sealing now")
    return 0


def _tell(header: Header) -> None:
    at = datetime.fromtimestamp(header.sealed_at / 1e6, timezone.utc)
    said = f"batch {header.seq}, {number(header.leaves, 'row')}, {at:%Y-%m-%d %H:%M:%S} UTC"
    print(f"{said}\n  {header.hash}, key {header.key_id}", flush=True)
