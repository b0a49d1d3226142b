from __future__ import annotations

import linecache
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sst_otel.guard import error_counts
from tests.lineage.constructs import CONSTRUCTS, FAILURE_FRAME, FAILURES
from tests.lineage.support import compiled, fresh, scope, source_value


def arguments() -> dict[str, Any]:
    return {"x": fresh("banana split"), "y": fresh("Ada L."), "n": int("50000"), "m": int("777")}


def execute(source: str, file: Path, *, plain: bool, tagged: bool) -> Any:
    """Run ``source`` and return the value or error it leaves, in a form that can be compared."""
    file.write_text(source)
    linecache.checkcache(str(file))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # some compare constants on purpose
        code = compiled(source, str(file), plain=plain)
    names: dict[str, Any] = {"__name__": "snippet", "log": [], **arguments()}
    with scope() as opened:
        if tagged:
            for name in ("x", "y", "n", "m"):
                source_value(names[name], "name", opened)
        exec(code, names)
        return names["r"]


@pytest.mark.parametrize("tagged", [False, True], ids=["clean", "tagged"])
@pytest.mark.parametrize("name", CONSTRUCTS)
def test_does_the_same(name: str, tagged: bool, tmp_path: Path) -> None:
    file = tmp_path / "snippet.py"
    source = CONSTRUCTS[name]
    plain = execute(source, file, plain=True, tagged=tagged)
    rewritten = execute(source, file, plain=False, tagged=tagged)
    assert repr(rewritten) == repr(plain)
    assert type(rewritten) is type(plain)
    assert not error_counts()


def failure(statement: str, file: Path, *, plain: bool, tagged: bool) -> list[str]:
    """Return all texts of tracebacks that anybody sees when ``statement`` raises."""
    body = statement if statement.startswith(("x =", "x +=", "n +=")) else f"_ = {statement}"
    source = FAILURE_FRAME.replace("STATEMENT", body.replace("\n", "\n    "))
    if "+=" in statement:
        source = source.replace(f"_ = {statement}", statement)
    file.write_text(source)
    linecache.checkcache(str(file))
    names: dict[str, Any] = {"__name__": "snippet"}
    exec(compiled(source, str(file), plain=plain), names)
    seen: list[str] = []
    given = arguments()
    with scope() as opened:
        if tagged:
            for value in given.values():
                source_value(value, "name", opened)
        error = raised(lambda: names["run"](**given, seen=seen))
        assert error.__traceback__ is not None
        inner = error.__traceback__.tb_next
        assert inner is not None
        seen += traceback.format_exception(error.with_traceback(inner.tb_next))
        if not isinstance(error, RecursionError):
            seen.append(str(_frames(error)))
    return seen


def raised(action: Callable[[], Any]) -> Exception:
    """Return what ``action`` raises; its traceback begins with this frame and ``action``."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which one is compared later
        action()
    return caught.value


def _frames(error: BaseException) -> list[tuple[str, str, int]]:
    """Return the functions of a traceback; none may be ours, and their locals are then not kept."""
    frames = []
    for frame, line in traceback.walk_tb(error.__traceback__):
        assert "sst_otel" not in frame.f_code.co_filename
        frames.append((frame.f_code.co_filename, frame.f_code.co_name, line))
    return frames


@pytest.mark.parametrize("tagged", [False, True], ids=["clean", "tagged"])
@pytest.mark.parametrize("name", FAILURES)
def test_fails_the_same(name: str, tagged: bool, tmp_path: Path) -> None:
    file = tmp_path / "snippet.py"
    limit = sys.getrecursionlimit()
    plain = failure(FAILURES[name], file, plain=True, tagged=tagged)
    rewritten = failure(FAILURES[name], file, plain=False, tagged=tagged)
    assert sys.getrecursionlimit() == limit
    assert len(plain) > 1
    if name == "recursion":  # where the limit is met, and in which words, is not ours to say
        assert rewritten[-1].split(":")[0] == plain[-1].split(":")[0]
        return
    assert "\n".join(rewritten) == "\n".join(plain)
    assert not error_counts()
