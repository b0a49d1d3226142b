"""The application's line that shares: the innermost frame that is neither library nor ours."""

from __future__ import annotations

import os
import sys
import sysconfig
from functools import lru_cache
from types import FrameType

from sst_otel.shares import CodeLocation

_MAX_FRAMES = 200
_MAX_STACK = 30
_REQUEST_BEGINS = "full_dispatch_request"
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LIBRARIES = tuple(
    path + os.sep
    for path in {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
    if path
)


def code_location() -> CodeLocation | None:
    """Return where the running call was made in the application; None in a library's own thread.

    Names, lines and files relative to where the program runs; no source text, no locals.
    """
    frame: FrameType | None = sys._getframe(1)
    stack: list[tuple[str, int, str]] = []
    for _ in range(_MAX_FRAMES):
        if frame is None:
            break
        code = frame.f_code
        if code.co_name == _REQUEST_BEGINS:
            break  # below is only the server
        shown = _application_file(code.co_filename)
        if shown:
            stack.append((shown, frame.f_lineno, code.co_name))
        frame = frame.f_back
    if not stack:
        return None
    file, line, function = stack[0]
    frames = tuple(f"{file}:{line} in {name}" for file, line, name in stack[:_MAX_STACK][::-1])
    return CodeLocation(file, line, function, frames)


@lru_cache(maxsize=4_096)
def _application_file(filename: str) -> str:
    """Return a file of the application as it is shown; ``""`` for any other file."""
    if filename.startswith("<"):
        return ""
    path = os.path.abspath(filename)
    if path.startswith((_OURS, *_LIBRARIES)):
        return ""
    if f"{os.sep}site-packages{os.sep}" in path or f"{os.sep}dist-packages{os.sep}" in path:
        return ""
    if os.path.dirname(path) == os.path.dirname(sys.executable):
        return ""  # console scripts: flask, gunicorn
    relative = os.path.relpath(path)
    return relative if not relative.startswith("..") else os.path.basename(path)
