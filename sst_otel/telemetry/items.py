"""Spans, log records and metrics without personal values: copies, never the application's objects.

Only what is read of an item is asked of it, so that versions of the SDK and other people's classes
that look the same are served too. Each kind gives ``collect(item, collected)``, ``copied(item,
swaps)``, which returns the item itself where nothing in it is replaced, and ``stripped(item)``.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.attributes import BoundedAttributes

from sst_otel.telemetry.swapping import UNREADABLE, Collected, Swaps, is_ours


class _Unseen(Swaps):
    """For what could not be looked at: every text is replaced."""

    __slots__ = ()

    def text(self, text: Any) -> Any:
        return UNREADABLE if isinstance(text, str) and not is_ours(text) else text

    def attributes(self, given: Any, above: str = "", depth: int = 0) -> Any:
        if type(given) is dict or isinstance(given, Mapping):
            plain = {key: each for key, each in given.items() if type(each) in (int, float, bool)}
            return {key: each for key, each in plain.items() if type(key) is str}
        return given

    def value(self, value: Any, key: str = "", depth: int = 0) -> Any:
        return value if value is None or type(value) in (int, float, bool) else UNREADABLE


_UNSEEN = _Unseen({}, {})


class Spans:
    """``ReadableSpan``."""

    def collect(self, span: Any, into: Collected) -> None:
        """Add what stands in a span's name, attributes, events, links and status."""
        into.value(span.name)
        into.attributes(span.attributes)
        for event in span.events:
            if not is_ours(event.name):
                into.value(event.name)
                into.attributes(event.attributes)
        for link in span.links:
            into.attributes(link.attributes)
        into.value(getattr(span.status, "description", None))

    def copied(self, span: Any, swaps: Swaps) -> Any:
        """Return the span as it is exported."""
        events = [self._event(event, swaps) for event in span.events]
        links = [_with(link, _attributes=_attributes(link, swaps)) for link in span.links]
        status = span.status
        told = getattr(status, "description", None)
        if told is not None:
            status = _with(status, _description=swaps.text(told))
        return _with(
            span,
            _name=swaps.text(span.name),
            _attributes=_attributes(span, swaps),
            _events=_same(events, span.events, getattr(span, "_events", None)),
            _links=_same(links, span.links, getattr(span, "_links", None)),
            _status=status,
        )

    def stripped(self, span: Any) -> Any:
        """Return the span without texts of anybody's."""
        return self.copied(span, _UNSEEN)

    def _event(self, event: Any, swaps: Swaps) -> Any:
        if is_ours(event.name):
            return event
        return _with(event, _name=swaps.text(event.name), _attributes=_attributes(event, swaps))


class Logs:
    """``ReadableLogRecord``, and ``LogData`` of SDKs before 1.38."""

    def collect(self, item: Any, into: Collected) -> None:
        """Add what stands in a record's body and attributes."""
        record = item.log_record
        if is_ours(getattr(record, "event_name", None)):
            return
        into.value(getattr(record, "event_name", None))
        into.value(record.body)
        into.attributes(record.attributes)

    def copied(self, item: Any, swaps: Swaps) -> Any:
        """Return the record as it is exported."""
        record = item.log_record
        name = getattr(record, "event_name", None)
        if is_ours(name):
            return item
        changes = {"body": swaps.value(record.body), "attributes": _attributes(record, swaps)}
        if name is not None:
            changes["event_name"] = swaps.text(name)
        return _with(item, log_record=_with(record, **changes))

    def stripped(self, item: Any) -> Any:
        """Return the record without texts of anybody's."""
        return self.copied(item, _UNSEEN)


class Metrics:
    """``MetricsData``: the attributes of its points and of their exemplars."""

    def collect(self, data: Any, into: Collected) -> None:
        """Add the attributes of all points."""
        for resource in data.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    for point in metric.data.data_points:
                        into.attributes(point.attributes)
                        for exemplar in getattr(point, "exemplars", None) or ():
                            into.attributes(exemplar.filtered_attributes)

    def copied(self, data: Any, swaps: Swaps) -> Any:
        """Return the data as they are exported."""

        def point(given: Any) -> Any:
            changes = {"attributes": swaps.attributes(given.attributes)}
            if getattr(given, "exemplars", None):
                changes["exemplars"] = _each(given.exemplars, exemplar)
            return _with(given, **changes)

        def exemplar(given: Any) -> Any:
            return _with(given, filtered_attributes=swaps.attributes(given.filtered_attributes))

        def metric(given: Any) -> Any:
            points = _each(given.data.data_points, point)
            return _with(given, data=_with(given.data, data_points=points))

        def scope(given: Any) -> Any:
            return _with(given, metrics=_each(given.metrics, metric))

        def resource(given: Any) -> Any:
            return _with(given, scope_metrics=_each(given.scope_metrics, scope))

        return _with(data, resource_metrics=_each(data.resource_metrics, resource))

    def stripped(self, data: Any) -> Any:
        """Return the data without texts of anybody's."""
        return self.copied(data, _UNSEEN)


Kind = Spans | Logs | Metrics


def _each(items: Sequence[Any], change: Any) -> Any:
    changed = [change(item) for item in items]
    return _same(changed, items, items)


def _same(changed: list[Any], items: Sequence[Any], kept: Any) -> Any:
    """Return ``kept`` where nothing has changed; else the changed, in the same kind of list."""
    if all(one is other for one, other in zip(changed, items, strict=True)):
        return kept
    dropped = getattr(kept, "dropped", None)
    if dropped is None:
        return changed
    made = type(kept).from_seq(None, changed)
    made.dropped = dropped
    return made


def _attributes(holder: Any, swaps: Swaps) -> Any:
    """Return a holder's attributes, replaced; of dropped ones the count stays."""
    public = holder.attributes
    kept = getattr(holder, "_attributes", public)
    changed = swaps.attributes(public)
    if changed is public or not isinstance(kept, BoundedAttributes):
        return kept if changed is public else changed
    made = BoundedAttributes(attributes=changed)
    made.dropped = kept.dropped
    return made


def _with(item: Any, **changes: Any) -> Any:
    """Return a copy of ``item`` with other values in some slots; itself where none differs."""
    changes = {name: value for name, value in changes.items() if getattr(item, name) is not value}
    if not changes:
        return item
    if dataclasses.is_dataclass(item) and not isinstance(item, type):
        return dataclasses.replace(item, **changes)
    made = copy.copy(item)
    for name, value in changes.items():
        object.__setattr__(made, name, value)
    return made
