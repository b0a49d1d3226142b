"""The import hook: first-party modules are compiled from rewritten source.

The finder stands first and asks the others as the import system would; only a module that the
ordinary source loader would load gets our loader, which differs from it in the code it compiles.
Whatever goes wrong there, the ordinary loader does the work.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from sst_otel.guard import guard, say_once
from sst_otel.lineage import firstparty
from sst_otel.lineage.cache import CodeCache
from sst_otel.lineage.calls import lost
from sst_otel.lineage.helpers import provide
from sst_otel.lineage.rewrite import NotRewritable, rewrite
from sst_otel.literals import note
from sst_otel.tracebacks import drop_own_entry

SUPPORTED = ((3, 10), (3, 13))
"""First and last Python version the suite has passed on."""

_rewritten: set[str] = set()
_skipped: dict[str, str] = {}


def install(packages: str, cache_dir: Path | str | None = None) -> Callable[[], None]:
    """Rewrite modules imported from now on; return what ends that.

    ``packages``: ``auto`` (first-party modules), ``off``, or top-level package names separated by
    commas. ``cache_dir``: where rewritten code is kept between starts; None compiles each time.
    Modules that are rewritten already stay so: without marks they behave as without us.
    """
    auto, names = firstparty.parse(packages)
    if not auto and not names:
        return _nothing
    if not SUPPORTED[0] <= sys.version_info[:2] <= SUPPORTED[1]:
        version = ".".join(map(str, sys.version_info[:2]))
        say_once("lineage.version", f"computed values are not followed on Python {version}")
        return _nothing
    provide()
    cache = None
    if cache_dir is not None:
        with guard("lineage.cache"):
            cache = CodeCache(Path(cache_dir))
    finder = _Finder(auto, names, cache)
    with guard("lineage.report"):
        _list_imported(finder)
    sys.meta_path.insert(0, finder)

    def uninstall() -> None:
        if finder in sys.meta_path:
            sys.meta_path.remove(finder)

    return uninstall


def report() -> dict[str, Any]:
    """Return what became of modules, and which functions lost track of values.

    ``{"rewritten": number of modules, "skipped": {module: reason}, "lost": {function: calls}}``.
    """
    skipped = dict(_skipped)
    main = sys.modules.get("__main__")
    file = getattr(main, "__file__", None)
    if file and getattr(main, "__spec__", None) is None and firstparty.by_file("", file, _NO_NAMES):
        skipped["__main__"] = "run as a script, not imported"
    return {"rewritten": len(_rewritten), "skipped": skipped, "lost": lost()}


_NO_NAMES: frozenset[str] = frozenset()


def _nothing() -> None:
    """Nothing was installed."""


def _list_imported(finder: _Finder) -> None:
    for name, module in sys.modules.copy().items():  # other threads import
        spec = getattr(module, "__spec__", None)
        if (
            isinstance(spec, ModuleSpec)
            and spec.name == name
            and name not in _rewritten
            and finder.may_be(name)
            and spec.has_location
            and firstparty.by_file(name, spec.origin or "", finder.packages)
        ):
            _skipped[name] = "imported before tracking started"


class _Finder:
    """A meta path finder that hands first-party modules to :class:`RewritingLoader`."""

    def __init__(self, auto: bool, packages: frozenset[str], cache: CodeCache | None) -> None:
        self.packages = packages
        self.may_be = firstparty.by_name(auto, packages)
        self.cache = cache

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec the other finders give, with our loader where the module is ours."""
        if not self.may_be(name):
            return None
        try:
            spec = self._ask_others(name, path, target)
        except BaseException as error:
            drop_own_entry(error)
            raise
        if spec is not None:
            with guard("lineage.find"):
                self._take(name, spec)
        return spec

    def invalidate_caches(self) -> None:
        """Nothing is cached here."""

    def _ask_others(self, name: str, path: Any, target: Any) -> ModuleSpec | None:
        for finder in list(sys.meta_path):
            find: Any = getattr(finder, "find_spec", None)
            if find is None or isinstance(finder, _Finder):
                continue
            try:
                spec: ModuleSpec | None = find(name, path, target)
            except BaseException as error:
                drop_own_entry(error)
                raise
            if spec is not None:
                return spec
        return None

    def _take(self, name: str, spec: ModuleSpec) -> None:
        loader = spec.loader
        origin = spec.origin
        if loader is None or not spec.has_location or origin is None:
            return  # a namespace package, a builtin: no code of its own to rewrite
        if not firstparty.by_file(name, origin, self.packages):
            return
        if type(loader) is SourceFileLoader:
            spec.loader = RewritingLoader(loader.name, loader.path, self.cache)
        elif not isinstance(loader, RewritingLoader):
            _skipped[name] = f"loaded by {type(loader).__module__}.{type(loader).__qualname__}"


class RewritingLoader(SourceFileLoader):
    """The ordinary source loader, except that it compiles rewritten source."""

    def __init__(self, fullname: str, path: str, cache: CodeCache | None) -> None:
        super().__init__(fullname, path)
        self._sst_cache = cache

    def get_code(self, fullname: str) -> CodeType | None:
        """Return rewritten code; the ordinary loader's where that cannot be made."""
        code = None
        with guard("lineage.import"):
            code = self._rewritten(fullname)
        if code is not None:
            _rewritten.add(fullname)
            _skipped.pop(fullname, None)
            note(code)
            return code
        _rewritten.discard(fullname)
        _skipped.setdefault(fullname, "could not be rewritten")
        try:
            return super().get_code(fullname)
        except BaseException as error:
            drop_own_entry(error)
            raise

    def _rewritten(self, fullname: str) -> CodeType | None:
        path = self.get_filename(fullname)
        source = self.get_data(path)
        if self._sst_cache is not None:
            cached = self._sst_cache.load(path, source)
            if cached is not None:
                return cached
        try:
            tree = ast.parse(source, path)
        except (SyntaxError, ValueError):
            _skipped[fullname] = "is not valid Python source"
            return None
        try:
            tree = rewrite(tree)
        except NotRewritable as reason:
            _skipped[fullname] = str(reason)
            return None
        except RecursionError:
            _skipped[fullname] = "is nested too deeply"
            return None
        code: CodeType = compile(tree, path, "exec", dont_inherit=True)
        if self._sst_cache is not None:
            self._sst_cache.store(path, source, code)
        return code
