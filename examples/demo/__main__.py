"""The demo: ``python -m examples.demo`` (``make demo``).

Exit codes: 0 the audit log tells exactly what happened; 1 it does not, or the site failed; 2 wrong
usage, or nobody stands in for the vendors.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from examples.demo.run import run
from examples.stand_in import StandIn

_ROOT = Path(__file__).resolve().parents[2]
_MARK = "made-by-the-demo"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.demo",
        description="Drive a budgeting site as two people would; show and check who got what.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--keep",
        action="store_true",
        default=os.environ.get("SERVE", "") not in ("", "0"),
        help="keep the site up until Ctrl-C (SERVE=1 does the same)",
    )
    parser.add_argument("--port", type=int, default=0, help="of the site; default: a free one")
    parser.add_argument(
        "--dir", type=Path, default=_ROOT / ".demo", help="working folder, emptied first"
    )
    options = parser.parse_args(arguments)
    folder = options.dir.resolve()
    if not _emptied(folder):
        parser.error(f"{folder} holds files that the demo did not make; name another --dir")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the site is stopped too
    with StandIn(folder / "authority") as vendors:
        return run(folder, vendors, port=options.port, as_json=options.json, keep=options.keep)


def _emptied(folder: Path) -> bool:
    """Make ``folder`` empty and ours; False, and untouched, where it holds other people's files."""
    if folder.exists():
        if any(folder.iterdir()) and not (folder / _MARK).exists():
            return False
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / _MARK).touch()
    return True


if __name__ == "__main__":
    sys.exit(main())
