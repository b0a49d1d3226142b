"""Celery as a source: one scope a task, opened and closed by Celery's own signals.

A task that is run eagerly inside a request is part of that request. The arguments of the others
come through a broker, as new objects: what is personal by a parameter's name is tagged.
"""

from __future__ import annotations

import inspect
from functools import lru_cache, partial
from types import ModuleType
from typing import Any

from sst_otel.guard import guard
from sst_otel.patching import Patches
from sst_otel.scope import PROCESS, current_scope
from sst_otel.sources import jobs
from sst_otel.sources.received import receive_in_message
from sst_otel.tagging import Tagger

_PLACE = "source.celery"


def install(tagger: Tagger) -> Patches:
    """Open a scope around every task."""
    patches = Patches(_PLACE)
    source = _CelerySource(tagger)

    def listen(signals: ModuleType) -> None:
        for name, act in (("task_prerun", source.began), ("task_postrun", source.ended)):
            signal = getattr(signals, name)
            signal.connect(act, weak=False)
            patches.installed.append(f"celery.signals:{name}")
            patches.on_undo(partial(signal.disconnect, act))

    patches.when_imported("celery.signals", listen)
    return patches


class _CelerySource:
    def __init__(self, tagger: Tagger) -> None:
        self._tagger = tagger
        self._signature = lru_cache(maxsize=500)(_signature)

    def began(
        self, task_id: Any = None, task: Any = None, args: Any = (), kwargs: Any = None, **_: Any
    ) -> None:
        """Open the task's scope and tag its arguments."""
        with guard(_PLACE):
            if current_scope() is not PROCESS:
                return
            scope = jobs.begin(task_id, f"task {task.name}")
            receive_in_message(scope, vars(task.request))  # the headers are among them
            signature = self._signature(type(task))  # type: ignore[arg-type] # it is hashable
            named = jobs.named_arguments(signature, tuple(args or ()), dict(kwargs or {}))
            # The modules before the last dot say what the application is about, not the task.
            context = str(task.name).rpartition(".")[2]
            jobs.tag_arguments(self._tagger, scope, named.items(), "task_argument", context)

    def ended(self, task_id: Any = None, **_: Any) -> None:
        """Close the task's scope."""
        with guard(_PLACE):
            jobs.end(task_id)


def _signature(kind: Any) -> inspect.Signature | None:
    """Return what a class of tasks is called with, without the task itself."""
    run: Any = inspect.getattr_static(kind, "run", None)
    bound = not isinstance(run, staticmethod)
    try:
        signature = inspect.signature(run if bound else run.__func__)
    except (TypeError, ValueError):
        return None
    parameters = list(signature.parameters.values())
    return signature.replace(parameters=parameters[1:] if bound else parameters)
