"""The programs as a package on disk: imported as anybody's application is, and served by Flask.

Every case is a module of its own, so that its helpers and globals are its own; ``fresh`` runs it
again, as a new process would.
"""

from __future__ import annotations

import importlib
import itertools
import shutil
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from flask import Flask

from tests.corpus.cases import Case

_TEMPLATE = Path(__file__).with_name("application")
_numbers = itertools.count(1)
PATH_FIELDS = ("email", "phone", "city")
"""What a case with ``via: path`` has in its URL, and as arguments of its view."""


class Program:
    """An application with one view per case, below ``directory``; close it to forget it."""

    def __init__(self, directory: Path, cases: Sequence[Case], vendor: str) -> None:
        self.package = f"staffsite{next(_numbers)}"
        self.database = directory / "app.db"
        self.files = directory / "files"
        self.files.mkdir()
        self._directory = directory
        self._numbers = {case.name: number for number, case in enumerate(cases, 1)}
        _write(directory / self.package, self._numbers, cases, self._places(vendor))
        sys.path.insert(0, str(directory))
        importlib.invalidate_caches()
        self._modules: dict[str, ModuleType] = {}
        self.app = self._import(cases)

    def url(self, case: Case) -> str:
        """Return the path of the view that sends."""
        return f"/{self._numbers[case.name]}"

    def fresh(self, case: Case) -> None:
        """Forget what the module of ``case`` and its files keep between requests."""
        if case.above:
            module = self._modules[case.name]
            for name in [name for name in vars(module) if not name.startswith("__")]:
                delattr(module, name)
            importlib.reload(module)
        for path in self.files.iterdir():
            path.unlink()

    def close(self) -> None:
        """Close its database and take the package out of the interpreter again."""
        with self.app.app_context():
            for engine in self.app.extensions["sqlalchemy"].engines.values():
                engine.dispose()
        sys.path.remove(str(self._directory))
        for name in [name for name in sys.modules if name.partition(".")[0] == self.package]:
            del sys.modules[name]

    def _places(self, vendor: str) -> str:
        places = {"VENDOR": vendor, "DATABASE": str(self.database), "FOLDER": str(self.files)}
        return "".join(f"{name} = {place!r}\n" for name, place in places.items())

    def _import(self, cases: Sequence[Case]) -> Flask:
        site = importlib.import_module(f"{self.package}.site")
        models = importlib.import_module(f"{self.package}.models")
        app: Flask = site.make_app()
        with app.app_context():
            models.Base.metadata.create_all(models.db.engine)
        for case in cases:
            module = importlib.import_module(f"{self.package}.{module_name(case)}")
            self._modules[case.name] = module
            number = self._numbers[case.name]
            rule = f"/{number}"
            tail = "".join(f"/<{name}>" for name in PATH_FIELDS) if case.via == "path" else ""
            _route(app, rule + tail, f"view_{number}", module, "view")
            if case.before:
                _route(app, f"{rule}/before", f"before_{number}", module, "before")
        return app


def module_name(case: Case) -> str:
    """Return the dotted name of a case's module below the package."""
    return f"{case.category}.{case.id}"


def source(case: Case) -> str:
    """Return the module of a case as its author would have written it."""
    imports, body = _split(case.code)
    before_imports, before = _split(case.before)
    arguments = ", ".join(PATH_FIELDS) if case.via == "path" else ""
    parts = [
        "\n".join(
            [
                "import requests",
                "from flask import request, session",
                "from ..models import Note, Office, Order, Product, User, db",
                "from ..site import DATABASE, FOLDER, VENDOR, current_user",
                *imports,
                *before_imports,
            ]
        ),
        case.above.strip("\n"),
        _function("before", "", before) if case.before else "",
        _function("view", arguments, body),
    ]
    return "\n\n\n".join(part for part in parts if part) + "\n"


def _split(code: str) -> tuple[list[str], str]:
    """Return the import lines at the beginning of a block, and the rest."""
    lines = code.strip("\n").splitlines()
    imports = list(itertools.takewhile(lambda line: line.startswith(("import ", "from ")), lines))
    return imports, "\n".join(lines[len(imports) :])


def _function(name: str, arguments: str, body: str) -> str:
    return f"def {name}({arguments}):\n" + textwrap.indent(f"{body}\nreturn '', 204", "    ")


def _route(app: Flask, rule: str, endpoint: str, module: ModuleType, name: str) -> None:
    """Add a view that survives ``fresh``."""

    def view(**arguments: Any) -> Any:
        return getattr(module, name)(**arguments)

    app.add_url_rule(rule, endpoint, view, methods=["GET", "POST"])


def _write(root: Path, numbers: dict[str, int], cases: Sequence[Case], places: str) -> None:
    shutil.copytree(_TEMPLATE, root, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "config.py").write_text(places, encoding="utf-8")
    for case in cases:
        folder = root / case.category
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").touch()
        (folder / f"{case.id}.py").write_text(source(case), encoding="utf-8")
