"""``sst-otel demo`` hands over to the repository's demo, and says so where there is none."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import pytest

from sst_otel.cli import demo


def options(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    demo.add_arguments(parser)
    return parser.parse_args(arguments)


class TestTheCommand:
    def test_without_the_repository_it_names_make_demo(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(demo, "_REPOSITORY", tmp_path)
        assert demo.run(options()) == 2
        assert "make demo" in capsys.readouterr().err

    def test_it_becomes_the_demo_with_its_options(self, monkeypatch: pytest.MonkeyPatch) -> None:
        became: list[list[str]] = []
        monkeypatch.setattr(os, "execv", lambda _program, arguments: became.append(arguments))
        monkeypatch.setattr(os, "chdir", lambda _folder: None)
        demo.run(options("--json", "--keep"))
        assert became[0][1:] == ["-m", "examples.demo", "--json", "--keep"]
