"""Tools are built once for the files they are made from; a build that fails leaves nothing."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tools.stack import building
from tools.stack.building import BuildError, Progress, Tool, built
from tools.stack.program import MissingToolError

pytestmark = pytest.mark.stack

COPY = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text(sys.argv[2])"


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(building, "KEPT", tmp_path / "kept")
    return tmp_path / "kept"


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    manifest = tmp_path / "manifest"
    manifest.write_text("one")

    def make(work: Path, progress: Progress) -> None:
        with (tmp_path / "made").open("a") as log:
            log.write("x")
        text = manifest.read_text()
        progress.run([sys.executable, "-c", COPY, str(work / "tool"), text], work)
        if text == "bad":
            progress.run([sys.executable, "-c", "import sys; sys.exit('no such module')"], work)

    return Tool("tool", (manifest,), 1, make)


def made(tmp_path: Path) -> int:
    return len((tmp_path / "made").read_text())


def test_once_for_each_content(tool: Tool, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(built, [tool] * 4))) == 1
    assert built(tool).read_text() == "one"
    assert made(tmp_path) == 1
    tool.files[0].write_text("two")
    assert built(tool).read_text() == "two"
    tool.files[0].write_text("one")
    assert built(tool).read_text() == "one"
    assert made(tmp_path) == 2


def test_a_failure_is_told_and_leaves_nothing(tool: Tool, kept: Path) -> None:
    tool.files[0].write_text("bad")
    with pytest.raises(BuildError, match=r"tool was not built:\nno such module"):
        built(tool)
    assert [path.name for path in kept.iterdir()] == ["tool.lock"]


def test_without_go_it_says_where_to_get_it(
    tool: Tool, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(kept))
    with pytest.raises(MissingToolError, match=r"tool is built with Go .*https://go\.dev/dl/"):
        built(tool)
