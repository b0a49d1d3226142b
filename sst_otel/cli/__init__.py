"""The ``sst-otel`` command: one module a sub-command.

A command module has ``NAME``, ``HELP``, ``add_arguments(parser)`` and ``run(options) -> exit code``
and imports what is slow in ``run``. Exit codes: 0 fine, 1 problems found, 2 wrong usage or setting,
3 the store cannot be read.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence

from sst_otel.cli import (
    demo,
    doctor,
    erase,
    events,
    explain,
    ingest,
    lineage,
    prove,
    provenance,
    prune,
    recipients,
    roles,
    seal,
    serve,
    ship,
    verify,
)
from sst_otel.cli.errors import CommandError

_EXIT_CODES = (
    "Exit codes: 0 fine (notes of doctor count as that), 1 problems found, 2 wrong usage or "
    "setting, 3 store not readable."
)
COMMANDS = (
    events,
    explain,
    recipients,
    provenance,
    lineage,
    serve,
    ingest,
    ship,
    seal,
    verify,
    prove,
    prune,
    erase,
    roles,
    doctor,
    demo,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sub-command and return its exit code; ``argv`` without the program's name."""
    parser = argparse.ArgumentParser(
        prog="sst-otel",
        description="Who got whose personal data from this server.",
        epilog=f"Settings come from SST_* variables and the files named by SST_CONFIG and "
        f"OTEL_CONFIG_FILE. {_EXIT_CODES}",
    )
    commands = parser.add_subparsers(metavar="command", required=True)
    for command in COMMANDS:
        sub = commands.add_parser(
            command.NAME,
            help=command.HELP,
            description=command.HELP,
            epilog=_EXIT_CODES,
            allow_abbrev=False,
        )
        command.add_arguments(sub)
        sub.set_defaults(run=command.run)
    # What cannot be read is said in one line: its own would quote the file, secrets and all.
    logging.getLogger("opentelemetry").addHandler(logging.NullHandler())
    try:
        options = parser.parse_args(argv)
        code = int(options.run(options))
        sys.stdout.flush()  # here, where a reader that is gone is no error
        return code
    except SystemExit as done:  # argparse has said what is wrong, or printed its help
        return done.code if isinstance(done.code, int) else 2
    except CommandError as error:
        print(f"sst-otel: {error}", file=sys.stderr)
        return error.code
    except BrokenPipeError:
        # The reader (head, less) has seen enough; keep the interpreter's last flush quiet, too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
