"""What an event says beside who, what and to whom: attributes of the call, and why a hit counts."""

from __future__ import annotations

from typing import Any

from sst_otel import semconv
from sst_otel.matching.hits import Hit
from sst_otel.matching.matcher import Match
from sst_otel.matching.rules import NAMED
from sst_otel.matching.shown import shown_key
from sst_otel.scope import Scope
from sst_otel.shares import Call
from sst_otel.sinks.layers import Layer
from sst_otel.sinks.masking import mask_path
from sst_otel.tags import NOBODY, Owner


def metadata_of(
    call: Call, chain: list[Layer], owner: Owner, hits: list[Hit], match: Match, scope: Scope
) -> dict[str, Any]:
    """Return the attributes of the event that tells ``owner`` of a call in the layers ``chain``."""
    metadata: dict[str, Any] = dict(call.attributes)
    for layer in chain:
        metadata.update(layer.attributes)
    if call.method:
        metadata[semconv.HTTP_METHOD] = call.method
    if call.port:
        metadata[semconv.SERVER_PORT] = call.port
    ambiguous = sorted({hit.datum.data_type for hit in hits if hit.ambiguous})
    if ambiguous:
        metadata[semconv.AMBIGUOUS] = ambiguous
    if match.unread:
        metadata[semconv.UNREAD] = match.unread
    if scope.exhausted:
        metadata[semconv.EXHAUSTED] = scope.exhausted
    if all(hit.datum.owner == NOBODY for hit in hits):
        metadata[semconv.OWNER] = "unknown"
    received = _received(hits, scope)
    if received:
        metadata[semconv.RECEIVED_TAG_IDS] = received
    repeated = chain[0].before.get(owner.ref, 0) if chain else 0
    if repeated:  # left out lately, as said already
        metadata[semconv.REPEATED] = repeated
    return metadata


def _received(hits: list[Hit], scope: Scope) -> list[str]:
    """Return the tags under which the caller of this very request has sent what was found."""
    inner: Scope | None = scope
    while inner is not None and inner.received is None:
        inner = inner.outer
    if inner is None:
        return []
    data = [datum for hit in hits for datum in (hit.datum, *hit.datum.parents)]
    sent = dict.fromkeys(sender for datum in data for sender in datum.senders)
    return [sender for sender in sent if inner.received.names(sender)]


def reason_of(hit: Hit, words: frozenset[str]) -> dict[str, Any]:
    """Return why a hit counts, for ``sst-otel explain``: the rule, the bits, the telling key.

    ``words``: what is known of the person (:func:`~sst_otel.sinks.masking.own_words`).
    """
    reason: dict[str, Any] = {"rule": hit.rule}
    if hit.datum.strength >= 0:
        reason["bits"] = round(hit.datum.strength, 1)
    if hit.rule in NAMED:
        reason["key"] = mask_path(shown_key(hit.leaf.key), words)
    return reason
