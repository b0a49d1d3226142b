"""RQ as a source: one scope a job, whichever worker performs it (forked, spawned, in its thread).

A job of a queue that is not asynchronous, performed inside a request, is part of that request. The
arguments of the others come through Redis, as new objects: what is personal by a parameter's name
is tagged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sst_otel.guard import guard
from sst_otel.patching import Patches
from sst_otel.scope import PROCESS, current_scope
from sst_otel.sources import jobs
from sst_otel.sources.received import receive_in_message
from sst_otel.tagging import Tagger
from sst_otel.tracebacks import drop_own_entry

_PLACE = "source.rq"


def install(tagger: Tagger) -> Patches:
    """Open a scope around every job."""
    patches = Patches(_PLACE)
    source = _RqSource(tagger)
    patches.wrap("rq.job", "Job._execute", source.execute)
    return patches


class _RqSource:
    def __init__(self, tagger: Tagger) -> None:
        self._tagger = tagger

    def execute(
        self,
        wrapped: Callable[..., Any],
        job: Any,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> Any:
        """Call the job's function in a scope of its own; a coroutine is run in here too."""
        key = object()
        with guard(_PLACE):
            if current_scope() is PROCESS:
                self._begin(key, job)
        try:
            return wrapped(*args, **kwargs)
        except BaseException as error:
            del wrapped, job, args, kwargs
            drop_own_entry(error)
            raise
        finally:
            with guard(_PLACE):
                jobs.end(key)

    def _begin(self, key: object, job: Any) -> None:
        name = str(job.func_name)
        scope = jobs.begin(key, f"job {name}")
        receive_in_message(scope, job.meta)
        named = jobs.named_arguments(jobs.signature_of(job.func), tuple(job.args), dict(job.kwargs))
        # The modules before the last dot say what the application is about, not the job.
        context = name.rpartition(".")[2]
        jobs.tag_arguments(self._tagger, scope, named.items(), "job_argument", context)
