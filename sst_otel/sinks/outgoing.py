"""From a call to its events: match, name the recipient, locate the code, one event per owner."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from fnmatch import fnmatch
from typing import Any

from sst_otel import semconv
from sst_otel.audit import AuditLog
from sst_otel.guard import guard
from sst_otel.matching.hits import Hit
from sst_otel.matching.matcher import Matcher
from sst_otel.missed import UNREAD, missed
from sst_otel.recipients import Register
from sst_otel.registry.datum import OPAQUE
from sst_otel.registry.identity import IDS
from sst_otel.registry.kept_texts import keep_text
from sst_otel.registry.registry import Registry
from sst_otel.remembered import remembered
from sst_otel.scope import PROCESS, Scope, current_scope
from sst_otel.shares import (
    Call,
    Finding,
    Part,
    Recipient,
    SharingEvent,
    event_dict,
    new_event_id,
)
from sst_otel.sinks.code import code_location
from sst_otel.sinks.columns import shown_destination, without_keys
from sst_otel.sinks.layers import Layer, current_layer, operation_span
from sst_otel.sinks.masking import mask_path, own_words
from sst_otel.sinks.metadata import metadata_of, reason_of
from sst_otel.sinks.ownership import Ownership
from sst_otel.sinks.share import Share
from sst_otel.suppress import is_suppressed
from sst_otel.tagging import Tagger
from sst_otel.tags import Owner
from sst_otel.telemetry.events import Telemetry
from sst_otel.telemetry.metrics import process_metrics
from sst_otel.telemetry.own_exporter import is_own_export, own_endpoints

_calling_back = guard("storage_callback")

_matching = guard("sink.match")

_metadata = guard("source.metadata")


class Outgoing:
    """What sinks call: ``share = emit(call)``. Observes only and never raises."""

    def __init__(
        self,
        registry: Registry,
        matcher: Matcher,
        tagger: Tagger,
        register: Register,
        audit: AuditLog,
        telemetry: Telemetry,
        first_party: Sequence[str],
        key_id: str,
        service: str,
        own_databases: Sequence[str] = (),
    ) -> None:
        self._registry = registry
        self._matcher = matcher
        self._tagger = tagger
        # Most applications call a handful of endpoints; paths with ids in them just miss.
        self._lookup = remembered(512)(register.lookup)
        self._describe = remembered(512)(register.describe)
        self._audit = audit
        self._telemetry = telemetry
        self._metrics = process_metrics()
        self._first_party = tuple(host.lower() for host in first_party)
        self.ownership = Ownership(own_databases, first_party)
        """Which databases and brokers are the application's own."""
        self._own_endpoints = own_endpoints(os.environ, self._is_somebodys)
        self._key_id = key_id
        self._service = service
        self.callback: Callable[[dict[str, Any]], object] | None = None
        """Called with each event as a dict, beside the audit log (``set_storage_callback``)."""

    def __call__(self, call: Call) -> Share:
        """Look at a call; the caller writes the share (``share.write()``) before the bytes go."""
        share = Share(self, call)
        if is_suppressed() or self.is_own(call.host, call.port):
            return share
        scope = current_scope()
        if scope is not PROCESS and scope.on_look is not None:
            with _metadata:
                act, scope.on_look = scope.on_look, None
                act()
        if len(self._registry) == 0 and not IDS:  # what a database sums up is in no registry
            return share
        with _matching:
            share.found(self._events(call, scope))
        return share

    def is_own(self, host: str, port: int | None) -> bool:
        """Whether our own telemetry goes there: never a share, and not worth describing."""
        return is_own_export(host, port, self._own_endpoints)

    def _is_somebodys(self, host: str, path: str) -> bool:
        ours = any(fnmatch(host, pattern) for pattern in self._first_party)
        return not ours and self._lookup(host, path).role not in ("unknown", "first_party")

    def later(self, call: Call) -> Share:
        """Return the share of a call whose body is a stream: looked at when it has passed."""
        return Share(self, call, streams=True)

    def idle(self) -> bool:
        """Whether there is nothing to look for, so that a sink can skip its own work."""
        if is_suppressed():
            return True
        return not IDS and len(self._registry) == 0 and current_scope().on_look is None

    def write(self, events: Sequence[SharingEvent]) -> None:
        """Make events durable, then hand them to the callback if one is set."""
        for event in events:
            self._audit.share(event)
            self._metrics.shared(event)
            if self.callback is not None:
                with _calling_back:
                    self.callback(event_dict(event))

    def outcome(self, events: Sequence[SharingEvent], outcome: str) -> None:
        """Record what became of the call."""
        now = time.time()
        for event in events:
            self._audit.outcome(event.event_id, outcome, now)

    def announce(self, events: Sequence[SharingEvent], call: Call, span: Any, begun: int) -> Any:
        """Put the events on the client span and into the log; return a span of ours, if made."""
        span = span or call.span or operation_span(_layers(call))
        return self._telemetry.announce(events, call, span, begun)

    def finish(self, span: Any, outcome: str) -> None:
        """End a span of ours, or note the outcome on the client's."""
        self._telemetry.finish(span, outcome)

    def _events(self, call: Call, scope: Scope) -> list[SharingEvent]:
        chain = _layers(call)
        handed_over: list[Part] = [part for outer in chain for part in outer.parts]
        self._tagger.settle(scope)
        began = time.perf_counter()
        match = self._matcher.match(call.parts, scope, handed_over)
        self._metrics.matched(call.kind, time.perf_counter() - began)
        if match.unread:
            missed(UNREAD, count=match.unread)
        owners = match.owners
        if call.kind == semconv.DATABASE_WRITE:
            owners = without_keys(owners) if call.own else owners
            self._keep_texts(owners)
        if not owners:
            return []
        outermost = chain[0] if chain else Layer()
        news = []
        words = self._words(owners, scope)
        for owner, hits in owners.items():
            findings, why = self._findings(hits, words)
            tags = {finding.tag.tag_id for finding in findings}
            # Or it is a retry, or another layer, of what is in the log already.
            if outermost.is_news(owner.ref, call.host, tags):
                news.append((owner, hits, findings, why))
        if not news:
            return []
        recipient = self._recipient(call)
        destination = self._destination(call, chain, recipient)
        kind = call.kind
        if kind == semconv.EXTERNAL_API and recipient.role == "first_party":
            kind = semconv.HTTP_REQUEST
        code = code_location()
        at = time.time()
        trace_id, span_id = self._telemetry.ids(call.span or operation_span(chain))
        return [
            SharingEvent(
                event_id=new_event_id(at),
                kind=kind,
                at=at,
                owner_ref=owner.ref,
                owner_sealed=self._tagger.sealed(owner),
                findings=findings,
                recipient=recipient,
                destination=shown_destination(destination, call, hits, words),
                host=call.host,
                service=self._service,
                route=scope.route,
                code=code,
                trace_id=trace_id,
                span_id=span_id,
                key_id=self._key_id,
                metadata={**metadata_of(call, chain, owner, hits, match, scope), "why": why},
            )
            for owner, hits, findings, why in news
        ]

    def _findings(
        self, hits: list[Hit], words: frozenset[str]
    ) -> tuple[tuple[Finding, ...], list[dict[str, Any]]]:
        """Return one finding a tag, and parallel to them why each counts."""
        found: dict[str, Finding] = {}
        why = []
        for hit in hits:
            tag = self._tagger.collect(hit.datum)
            if tag.tag_id not in found:
                opaque = hit.datum.handling == OPAQUE
                path = "" if opaque else mask_path(hit.leaf.path, words)
                found[tag.tag_id] = Finding(tag, hit.evidence, path)
                why.append({"rule": hit.rule} if opaque else reason_of(hit, words))
        return tuple(found.values()), why

    def _words(self, owners: dict[Owner, list[Hit]], scope: Scope) -> frozenset[str]:
        """Return the words of all people of a call: a key over one's data may be another's value.

        Everything whose owner is unknown is too much, and no one person's.
        """
        refs = {owner.ref for owner in (*owners, scope.known_owner()) if owner is not None}
        nobodys = [
            hit.datum.value for owner, hits in owners.items() if not owner.ref for hit in hits
        ]
        words = [self._registry.words_of(ref, own_words) for ref in refs if ref]
        return own_words(nobodys).union(*words)

    def _keep_texts(self, owners: dict[Owner, list[Hit]]) -> None:
        """Note sentences that go into the database: what comes back is another object."""
        marks = {id(hit.leaf): hit.leaf.mark for hits in owners.values() for hit in hits}
        for mark in marks.values():
            if mark is not None and not keep_text(self._registry, mark):
                return

    def _recipient(self, call: Call) -> Recipient:
        if call.own and (call.kind in semconv.DATABASES or semconv.DB_SYSTEM in call.attributes):
            return Recipient("own database", "storage", "first_party")
        host = call.host.lower()
        if call.own or any(fnmatch(host, pattern) for pattern in self._first_party):
            return Recipient("own service", "internal", "first_party")
        return self._lookup(call.host, call.path)

    def _destination(self, call: Call, chain: list[Layer], recipient: Recipient) -> str:
        named = next((layer for layer in chain if layer.operation), None)
        if named is not None:
            other = recipient.name not in ("unknown", named.sdk)
            label = f"{named.sdk}/{recipient.name}" if other else named.sdk
            if recipient.name == "unknown":
                label = f"{named.sdk}/{call.host}"
            return f"{label}:{named.operation}"
        return call.destination or self._describe(call.method, call.host, call.path)


def _layers(call: Call) -> list[Layer]:
    """Return the layers a call is in; what a database is told inside an SDK's call is its own."""
    layer = current_layer()
    if layer is None:
        return []
    chain = layer.chain()
    if call.kind not in semconv.DATABASES:
        return chain
    system = call.attributes.get(semconv.DB_SYSTEM)
    return [one for one in chain if one.attributes.get(semconv.DB_SYSTEM) == system]
