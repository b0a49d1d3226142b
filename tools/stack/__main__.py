"""``python -m tools.stack`` (``make stack``) runs the stack; ``... build`` builds what it needs.

Exit codes: 0 it was ended by Ctrl-C or SIGTERM, or everything is built; 1 a part failed; 2 a tool
is missing or a port is taken.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.stack.building import COLLECTOR, JAEGER, BuildError, built, say
from tools.stack.postgres_wheels import POSTGRESQL
from tools.stack.program import ROOT, MissingToolError
from tools.stack.running import PortsTakenError, run


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.stack", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("run", "build"), default="run")
    parser.add_argument(
        "--dir", type=Path, default=ROOT / ".run" / "stack", help="for data and logs; it is kept"
    )
    parser.add_argument(
        "--free-ports", action="store_true", help="take free ports instead of the usual ones"
    )
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        if options.what == "build":
            for tool in (POSTGRESQL, COLLECTOR, JAEGER):
                print(built(tool))
        else:
            run(options.dir.resolve(), free_ports=options.free_ports)
    except (MissingToolError, PortsTakenError) as problem:
        say(f"stack: {problem}")
        return 2
    except (BuildError, AssertionError, RuntimeError) as problem:
        say(f"stack: {problem}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
