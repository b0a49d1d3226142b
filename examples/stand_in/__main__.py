"""Runs a command with stand-ins in the vendors' place.

``python -m examples.stand_in --folder FOLDER -- COMMAND …``: the command's calls to the vendors end
on loopback; hosts in its ``NO_PROXY`` are reached. Its exit code is ours, SIGTERM goes to it.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from examples.stand_in.proxy import StandIn


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m examples.stand_in")
    parser.add_argument("--folder", type=Path, required=True, help="of its certificate")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    with StandIn(options.folder) as vendors:
        environ = vendors.environ()
        reached = ",".join(filter(None, [environ["NO_PROXY"], os.environ.get("NO_PROXY")]))
        environ |= dict.fromkeys(("NO_PROXY", "no_proxy"), reached)
        process = subprocess.Popen(options.command, env={**os.environ, **environ})
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, lambda number, _: process.send_signal(number))
        return process.wait()


if __name__ == "__main__":
    sys.exit(main())
