"""Commands as a source: one scope an invocation of the application's own click commands.

That is ``flask NAME`` too. Commands of libraries (``flask run``, ``celery worker``) are servers,
not jobs, and get none.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from sst_otel.guard import guard
from sst_otel.lineage.firstparty import by_file
from sst_otel.patching import Patches
from sst_otel.scope import PROCESS, Scope, current_scope
from sst_otel.sources import jobs
from sst_otel.tagging import Tagger
from sst_otel.tracebacks import drop_own_entry

_PLACE = "source.click"


def install(tagger: Tagger) -> Patches:
    """Open a scope around every command of the application, and tag its options."""
    patches = Patches(_PLACE)

    def invoke(
        wrapped: Callable[..., Any],
        instance: Any,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> Any:
        scope: Scope | None = None
        key = object()
        with guard(_PLACE):
            if current_scope() is PROCESS and _is_own(instance.callback):
                context = args[0] if args else kwargs["ctx"]
                scope = jobs.begin(key, f"command {context.command_path}")
                options = context.params.items()
                jobs.tag_arguments(tagger, scope, options, "option", context.info_name or "")
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

    patches.wrap("click.core", "Command.invoke", invoke)
    return patches


def _is_own(callback: Any) -> bool:
    """Whether a command's function belongs to the application, decorated or not."""
    name = getattr(callback, "__module__", None)
    file = getattr(sys.modules.get(name or ""), "__file__", None)
    return bool(file) and by_file(str(name), str(file), frozenset())
