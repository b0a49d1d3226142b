"""Commands as a source: one scope an invocation of the application's own commands.

Those of click (``flask NAME`` too) and of Django (``manage.py NAME``). Commands of libraries
(``flask run``, ``celery worker``, ``migrate``) are servers and tools, not jobs, and get none.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from sst_otel.guard import guard
from sst_otel.lineage.firstparty import by_file
from sst_otel.patching import Patches, Wrapper
from sst_otel.scope import PROCESS, Scope, current_scope
from sst_otel.sources import jobs
from sst_otel.tagging import Tagger
from sst_otel.tracebacks import drop_own_entry

_PLACE = "source.commands"
_Args = tuple[Any, ...]
_Kwargs = Mapping[str, Any]
_Told = tuple[str, str, Mapping[str, Any]]
"""What a command is called for people, its last name, and its options."""


def install(tagger: Tagger) -> Patches:
    """Open a scope around every command of the application, and tag its options."""
    patches = Patches(_PLACE)
    patches.wrap("click.core", "Command.invoke", _invoking(tagger, _of_click))
    execute = _invoking(tagger, _of_django)
    patches.wrap("django.core.management.base", "BaseCommand.execute", execute)
    return patches


def _invoking(tagger: Tagger, told_by: Callable[[Any, _Args, _Kwargs], _Told | None]) -> Wrapper:
    def invoke(wrapped: Callable[..., Any], instance: Any, args: _Args, kwargs: _Kwargs) -> Any:
        scope: Scope | None = None
        key = object()
        with guard(_PLACE):
            told = told_by(instance, args, kwargs) if current_scope() is PROCESS else None
            if told is not None:
                called, name, options = told
                scope = jobs.begin(key, f"command {called}")
                jobs.tag_arguments(tagger, scope, options.items(), "option", name)
        try:
            return wrapped(*args, **kwargs)
        except BaseException as error:
            del wrapped, instance, args, kwargs
            drop_own_entry(error)
            raise
        finally:
            if scope is not None:
                with guard(_PLACE):
                    jobs.end(key)

    return invoke


def _of_click(command: Any, args: _Args, kwargs: _Kwargs) -> _Told | None:
    if not _is_own(getattr(command.callback, "__module__", None)):
        return None
    context = args[0] if args else kwargs["ctx"]
    return context.command_path, context.info_name or "", context.params


def _of_django(command: Any, _args: _Args, kwargs: _Kwargs) -> _Told | None:
    module = type(command).__module__
    name = module.rpartition(".")[2]
    return (f"manage.py {name}", name, kwargs) if _is_own(module) else None


def _is_own(module: str | None) -> bool:
    """Whether a command stands in a module of the application."""
    file = getattr(sys.modules.get(module or ""), "__file__", None)
    return bool(file) and by_file(str(module), str(file), frozenset())
