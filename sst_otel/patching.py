"""Wrapping library functions so that it can be undone, before or after they are imported.

One :class:`Patches` per source or sink. After :meth:`Patches.undo` every wrapper of it is inert,
and the original is back wherever ours is the outermost one (another instrumentation may be on top).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

import wrapt

from sst_otel.guard import count_error, guard
from sst_otel.missed import HOOK, TAKEN, missed

Wrapper = Callable[[Callable[..., Any], Any, tuple[Any, ...], Mapping[str, Any]], Any]
"""``wrapper(wrapped, instance, args, kwargs)``, as wrapt calls it."""


def named_arguments(
    names: Sequence[str], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a call was given, by name; ``names`` are those of the positional arguments."""
    return {**dict(zip(names, args, strict=False)), **kwargs}


class Patches:
    """The patches of one source or sink."""

    def __init__(self, place: str) -> None:
        self.place = place
        self._enabled: Any = [True]  # wrapt takes its truth: empty is off, and costs no call
        self.installed: list[str] = []
        """``module:path`` of what is wrapped, for ``sst-otel doctor``."""
        self._undo: list[Callable[[], None]] = []
        self._held: dict[tuple[int, str], Any] = {}
        """What is wrapped; held, so that an id in it is exact."""

    @property
    def active(self) -> bool:
        """Whether its wrappers do anything: until :meth:`undo`."""
        return bool(self._enabled)

    def wrap(self, module: str, path: str, wrapper: Wrapper, *, optional: bool = False) -> None:
        """Wrap ``module``'s ``Class.method`` or ``function`` now, or when it gets imported.

        Of a property its reading is wrapped, a function whose first argument is the object.

        ``optional``: some versions of the library do without it, so its absence is no failure.
        """
        loaded = module in sys.modules

        def act(found: ModuleType) -> None:
            self._wrap(found, path, wrapper, optional)
            if loaded and "." not in path:
                _note_takers(vars(found).get(path), module, path)

        self.when_imported(module, act)

    def when_imported(self, module: str, act: Callable[[ModuleType], None]) -> None:
        """Run ``act(module)`` now, or when it gets imported; never after :meth:`undo`."""

        def hook(found: ModuleType) -> None:
            if self.active:
                with guard(self.place):
                    act(found)

        wrapt.register_post_import_hook(hook, module)

    def on_undo(self, act: Callable[[], None]) -> None:
        """Have ``act`` run by :meth:`undo`."""
        self._undo.append(act)

    def undo(self) -> None:
        """Take everything back that can be, and switch the rest off."""
        self._enabled.clear()
        for act in reversed(self._undo):
            with guard(self.place):
                act()
        self._undo.clear()
        self._held.clear()
        self.installed.clear()

    def _wrap(self, module: ModuleType, path: str, wrapper: Wrapper, optional: bool) -> None:
        *parents, name = path.split(".")
        holder: Any = module
        for parent in parents:
            holder = getattr(holder, parent, None)
        original = getattr(holder, name, None)
        if original is None:
            if not optional:
                count_error(self.place, f"{module.__name__}:{path} is not there")
                missed(HOOK, f"{module.__name__}:{path}")
            return
        self._put(holder, name, wrapper, f"{module.__name__}:{path}")

    def wrap_method(self, holder: type, name: str, wrapper: Wrapper) -> None:
        """Wrap a method of a class that is at hand, once."""
        if not self.holds(holder, name):
            self._put(holder, name, wrapper, f"{holder.__module__}:{holder.__qualname__}.{name}")

    def wrapped(self, function: Callable[..., Any], wrapper: Wrapper) -> Any:
        """Return what calls ``function`` through ``wrapper``, until :meth:`undo`."""
        return wrapt.FunctionWrapper(function, wrapper, enabled=self._enabled)

    def holds(self, holder: type, name: str) -> bool:
        """Whether what a class has under ``name`` is wrapped by us."""
        return (id(holder), name) in self._held

    def _put(self, holder: Any, name: str, wrapper: Wrapper, told: str) -> None:
        """Put a wrapper in the place of what ``holder`` has under ``name``."""
        original = getattr(holder, name)
        inherited = isinstance(holder, type) and name not in vars(holder)
        if isinstance(holder, type):
            original = next(vars(base)[name] for base in holder.__mro__ if name in vars(base))
        ours: Any
        if isinstance(original, property):
            read = wrapt.FunctionWrapper(
                original.fget,  # type: ignore[arg-type] # who cannot be read is wrapped by nobody
                wrapper,
                enabled=self._enabled,
            )
            ours = property(read, original.fset, original.fdel, original.__doc__)
        else:
            ours = self.wrapped(original, wrapper)
        setattr(holder, name, ours)
        self._held[id(holder), name] = holder
        self.installed.append(told)

        def restore() -> None:
            found = vars(holder).get(name)
            # OpenTelemetry, when it unwraps, leaves ours as the class hands it out.
            if found is not ours and getattr(found, "_self_parent", None) is not ours:
                return  # somebody wrapped us; we stay in place, inert
            if inherited:
                delattr(holder, name)
            else:
                setattr(holder, name, original)

        self.on_undo(restore)


def _note_takers(ours: Any, module: str, name: str) -> None:
    """Count who has taken the function that ``ours`` is around by ``from module import name``.

    OpenTelemetry's own and the standard library's modules are left out: what goes through them is
    looked at elsewhere. So are those of the same name: they copy all of a module (``gevent.os``).
    """
    function = getattr(ours, "__wrapped__", None)
    own = {module.partition(".")[0], "opentelemetry", "sst_otel", *sys.stdlib_module_names}
    for other, held in sys.modules.copy().items():  # other threads import
        alike = other.rpartition(".")[2] == module.rpartition(".")[2]
        if alike or other.partition(".")[0] in own or type(held) is not ModuleType:
            continue  # a lazy module would load itself when asked
        if function is not None and vars(held).get(name) is function:
            missed(TAKEN, f"{module}.{name} in {other}")
