"""Who got whose personal data from this server.

``opentelemetry-instrument <command>`` with this package installed is all that is needed. The names
here are for starting it in code and for saying what cannot be seen from outside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sst_otel.scoping import scope

if TYPE_CHECKING:
    from sst_otel.tags import Tag

__all__ = [
    "auto_tag_request_data",
    "get_tags",
    "scope",
    "set_owner",
    "set_storage_callback",
    "start_tracking",
    "stop_tracking",
    "store_audit_event",
    "tag",
]


def start_tracking(app: Any = None, **settings: Any) -> None:
    """Start tracking in this process; ``settings`` as in ``SST_*``, lower case.

    ``app`` is accepted so that it reads like other extensions; every Flask application of the
    process is tracked. Started already (by ``opentelemetry-instrument``) and called without
    settings, this changes nothing. Raises ``ValueError`` for a wrong setting, ``OSError`` where the
    key file cannot be read or created.
    """
    from sst_otel import tracker
    from sst_otel.settings import load_settings

    del app
    if tracker.running() is not None and not settings:
        return
    tracker.start(load_settings(overrides=settings))


def stop_tracking() -> None:
    """Stop tracking: patches are undone, or inert where others wrapped them."""
    from sst_otel import tracker

    tracker.stop()


def store_audit_event(event: dict[str, Any]) -> None:
    """Stand for the built-in audit store in ``set_storage_callback(store_audit_event)``.

    Every event is in the audit store before this could be called, so there is nothing to do.
    """


def set_storage_callback(callback: Callable[[dict[str, Any]], object] | None) -> None:
    """Have ``callback`` called with each event as a dict, beside the audit store; None = no more.

    Its failures are counted and never reach the application. Without tracking nothing happens.
    """
    from sst_otel import tracker

    running = tracker.running()
    if running is not None:
        running.emit.callback = None if callback is store_audit_event else callback


def auto_tag_request_data() -> None:
    """Tag the current Flask request's form or JSON now, before the application parses it."""
    from sst_otel import tracker
    from sst_otel.guard import guard
    from sst_otel.sources.flask import tag_current_request

    if tracker.running() is not None:
        with guard("auto_tag_request_data"):
            tag_current_request()


def tag(value: Any, data_type: str, owner_id: Any = None, source: str | None = None) -> Any:
    """Tag ``value`` as ``data_type`` of ``owner_id`` (default: the current request's), return it.

    For values that come from where no source of ours looks: a file, a device, another service.
    Raises ``ValueError`` for a data type that is not in the taxonomy.
    """
    from sst_otel import tracker
    from sst_otel.scope import current_scope

    running = tracker.running()
    if running is not None:
        tagger = running.tagger
        if data_type not in tagger.classifier.taxonomy.types:
            raise ValueError(f"unknown data type {data_type!r}")
        scope = current_scope()
        owner = tagger.scope_owner(scope) if owner_id is None else tagger.owner(owner_id)
        tagger.collect(tagger.value(value, data_type, owner, source or "code", scope))
    return value


def set_owner(owner_id: Any) -> None:
    """Say whose the current request's data is, where no rule of ``SST_OWNER`` can tell."""
    from sst_otel import tracker
    from sst_otel.scope import current_scope

    running = tracker.running()
    if running is not None:
        scope = current_scope()
        scope.set_owner(running.tagger.owner(owner_id))
        running.tagger.settle(scope)


def get_tags(value: Any) -> tuple[Tag, ...]:
    """Return the tags this object carries: a tagged value, or a text or result made of some."""
    from sst_otel import tracker
    from sst_otel.registry.identity import marked

    running = tracker.running()
    found = marked(value)
    if running is None or found is None:
        return ()
    return tuple(running.tagger.tag(datum) for datum in found.data)
