"""The ``sst-otel`` command: one module a sub-command.

A command module has ``NAME``, ``HELP``, ``add_arguments(parser)`` and ``run(options) -> exit code``
and imports what is slow in ``run``. Exit codes: 0 fine, 1 problems found, 2 wrong usage or setting,
3 the store cannot be read.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from sst_otel.cli import demo, doctor, events, explain, lineage, provenance, recipients, serve
from sst_otel.cli.errors import CommandError

COMMANDS = (events, explain, recipients, provenance, lineage, serve, doctor, demo)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sub-command and return its exit code; ``argv`` without the program's name."""
    parser = argparse.ArgumentParser(
        prog="sst-otel",
        description="Who got whose personal data from this server.",
        epilog="Settings come from SST_* variables and the file named by SST_CONFIG. "
        "Exit codes: 0 fine, 1 problems found, 2 wrong usage or setting, 3 store not readable.",
    )
    commands = parser.add_subparsers(metavar="command", required=True)
    for command in COMMANDS:
        sub = commands.add_parser(
            command.NAME, help=command.HELP, description=command.HELP, allow_abbrev=False
        )
        command.add_arguments(sub)
        sub.set_defaults(run=command.run)
    try:
        options = parser.parse_args(argv)
        return int(options.run(options))
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
