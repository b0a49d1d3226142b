"""A payload as far as it had to be read."""

from __future__ import annotations

from urllib.parse import urlsplit

from sst_otel.matching.compression import Budget
from sst_otel.matching.copies import mark_copies
from sst_otel.matching.hits import Hit, folded, identity_hits
from sst_otel.matching.leaf import URL, Leaf, is_part
from sst_otel.matching.payload import Leaves
from sst_otel.matching.sieve import Sieve
from sst_otel.registry.datum import Datum
from sst_otel.registry.identity import Mark, marked
from sst_otel.shares import Part

_LONGEST_EXPLAINED = 200


class View:
    """A payload as far as it had to be read."""

    __slots__ = ("explained", "identified", "is_all", "leaves", "strong", "unread")

    def __init__(self, leaves: list[Leaf], unread: int) -> None:
        self.leaves = leaves
        self.unread = unread
        self.identified, self.explained = identified_in(leaves)
        """What the identity table says of the leaves, and the phrases it accounts for."""
        self.strong: list[tuple[Leaf, list[Datum], str, str]] = []
        self.is_all = False
        """Whether nothing else can be found."""


def taken_apart(
    parts: tuple[Part, ...],
    handed_over: tuple[Part, ...],
    sentences: list[Mark],
    sieve: Sieve | None = None,
    budget: Budget | None = None,
) -> View:
    """Return all leaves of what is sent, and those handed over that are part of it.

    ``sentences``: what the application put together in this scope. ``sieve`` tells which members of
    long lists are read, ``budget`` what has been decompressed already.
    """
    parts, handed_over = _read_once(parts, handed_over)
    leaves = Leaves(sieve=sieve, budget=budget)
    leaves.add_parts(parts)
    if sentences:
        mark_copies(sentences, leaves.leaves)
    sent = len(leaves.leaves)
    texts = {leaf.text for leaf in leaves.leaves}.union(leaves.opened)
    if sieve is not None:
        texts.add(sieve.everything)
    leaves.add_parts(handed_over)
    if len(leaves.leaves) > sent:
        leaves.leaves[:] = _as_sent(leaves.leaves[:sent], texts, leaves.leaves[sent:])
    return View(leaves.leaves, leaves.unread)


def _read_once(
    parts: tuple[Part, ...], handed_over: tuple[Part, ...]
) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Return both without the bodies that were handed over as the very bytes that are sent.

    What is sent then stands where it was handed over, as that is what the application knows.
    """
    sent = []
    for part in parts:
        value = part.value
        if type(value) is bytes and marked(value) is None:
            same = [one for one in handed_over if type(one.value) is bytes and one.value == value]
            if same and all([marked(one.value) is None for one in same]):
                handed_over = tuple(
                    [one for one in handed_over if not any(one is known for known in same)]
                )
                part = Part(same[0].where, value)
        sent.append(part)
    return tuple(sent), handed_over


def _as_sent(sent: list[Leaf], texts: set[str], handed_over: list[Leaf]) -> list[Leaf]:
    """Return the leaves handed over that are part of what is sent, then what is sent.

    ``texts``: those of the leaves sent, and of the documents they were read in.
    """
    everything = "\n".join(texts)
    kept = [
        leaf
        for leaf in handed_over
        if leaf.text and (_sent_part(leaf) in texts or is_part(_sent_part(leaf), everything))
    ]
    return kept + sent


def _sent_part(leaf: Leaf) -> str:
    """Return what of a leaf handed over is a leaf of what is sent: of a URL its path."""
    return urlsplit(leaf.text).path if leaf.place == URL else leaf.text


def identified_in(leaves: list[Leaf]) -> tuple[list[Hit], set[str]]:
    """Return what the identity table says of leaves, and the phrases it accounts for."""
    hits: list[Hit] = []
    explained: set[str] = set()
    for leaf in leaves:
        if leaf.mark is not None:
            hits += identity_hits(leaf)
            if len(leaf.text) < _LONGEST_EXPLAINED:
                explained.add(folded(leaf))
    return hits, explained
