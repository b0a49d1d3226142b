"""``sst-otel demo``: the repository's demo, which an installed package does not carry."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

NAME = "demo"
HELP = "drive an example site as two people would, and show who got what of whom"

_REPOSITORY = Path(__file__).resolve().parents[2]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the demo's options; the site's port and the working folder are ``make demo``'s."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--keep", action="store_true", help="keep the site up until Ctrl-C")


def run(options: argparse.Namespace) -> int:
    """Become the demo; returns 2 only, where there is none beside the package.

    The process is replaced, so that Ctrl-C and the exit code are the demo's own.
    """
    if not (_REPOSITORY / "examples" / "demo" / "__main__.py").is_file():
        print(
            "sst-otel: the demo comes with the repository, not with the installed package; "
            "run `make demo` in a clone of it.",
            file=sys.stderr,
        )
        return 2
    chosen = [f"--{name}" for name in ("json", "keep") if getattr(options, name)]
    os.chdir(_REPOSITORY)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "examples.demo", *chosen])  # noqa: S606
