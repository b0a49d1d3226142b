"""Programs as they are started: ``python -m``, a script, ``flask run``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.lineage.modules import write


class TestStartedPrograms:
    START = "import sys; sys.path.insert(0, '.'); import sst_otel.lineage as l; l.install('auto');"

    def run(self, code: str, cwd: Path) -> str:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def test_python_dash_m(self, tmp_path: Path) -> None:
        write(
            tmp_path,
            {
                "prog/__init__.py": "",
                "prog/__main__.py": "import sys\n"
                "def f(a):\n    return a + 'x'\n"
                "print(__name__, f('a'), '_sst_made1' in f.__code__.co_names)\n",
            },
        )
        out = self.run(
            self.START + "import runpy; runpy.run_module('prog', run_name='__main__')", tmp_path
        )
        assert out == "__main__ ax True\n"

    def test_a_script_is_listed(self, tmp_path: Path) -> None:
        write(
            tmp_path,
            {"script.py": "import sst_otel.lineage as l\nl.install('auto')\nprint(l.report())\n"},
        )
        done = subprocess.run(
            [sys.executable, "script.py"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert "'__main__': 'run as a script, not imported'" in done.stdout

    def test_flask_finds_the_application(self, tmp_path: Path) -> None:
        write(
            tmp_path,
            {
                "webapp.py": "from flask import Flask, request\napp = Flask(__name__)\n"
                "@app.post('/')\ndef hello():\n    return f\"Hi {request.form['name']}\"\n"
            },
        )
        out = self.run(
            self.START + "from flask.cli import ScriptInfo;"
            "app = ScriptInfo('webapp').load_app();"
            "print(app.test_client().post('/', data={'name': 'you'}).text);"
            "print(app.view_functions['hello'].__code__.co_names);"
            "print(app.root_path)",
            tmp_path,
        )
        assert "Hi you" in out
        assert "_sst_piece" in out
        assert str(tmp_path) in out
