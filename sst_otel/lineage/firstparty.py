"""Which modules are the application's own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import PurePath

OWN_PACKAGE = __name__.partition(".")[0]
_INSTALLED = frozenset({"site-packages", "dist-packages"})


def parse(packages: str) -> tuple[bool, frozenset[str]]:
    """Split ``SST_LINEAGE``: whether first-party modules are meant, and packages by name.

    ``auto`` and ``off`` may stand alone; a list names top-level packages, and may hold ``auto``.
    """
    names = {name.strip() for name in packages.split(",")} - {"", "off"}
    return "auto" in names, frozenset(names - {"auto"})


def by_name(auto: bool, packages: frozenset[str]) -> Callable[[str], bool]:
    """Return a quick test whether a module's name lets it be first party.

    Top-level names are compared whole: ``profiles`` is not ``profile``.
    """

    def may_be(module: str) -> bool:
        top = module.partition(".")[0]
        if top == OWN_PACKAGE:
            return False
        return top in packages or (auto and top not in sys.stdlib_module_names)

    return may_be


def by_file(module: str, file: str, packages: frozenset[str]) -> bool:
    """Whether ``module`` in ``file`` is first party: named, or outside installed distributions.

    An editable install's source lies outside ``site-packages`` and is first party.
    """
    if module.partition(".")[0] in packages:
        return True
    return _INSTALLED.isdisjoint(PurePath(file).parts) and not _in_standard_library(file)


def _in_standard_library(file: str) -> bool:
    """Whether ``file`` belongs to the interpreter (test helpers, encodings found by path)."""
    library = PurePath(sys.modules["os"].__file__ or "").parent
    return library in PurePath(file).parents
