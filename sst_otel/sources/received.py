"""What a trusted service has said of a request: whose it is, and which values it brings.

A hint and a link, no more: the application's own word on who it is counts first, and a value is the
same one only where its fingerprint is.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from sst_otel.field_paths import shown
from sst_otel.guard import guard
from sst_otel.scope import Scope
from sst_otel.tagging import Tagger
from sst_otel.tags import Owner

_MOST_VALUES = 200
"""Values of one request whose fingerprints are compared."""
_LONGEST = 1_000
_SCALARS = (str, int, float)
_NO_HEADERS: Mapping[str, Any] = {}
_guarded = guard("source.received")

Headers = Callable[[], Mapping[str, Any]]
"""``headers()`` → all that came, by names as WSGI has them: for traces in another format."""
Reader = Callable[[str, str, Headers], "Received | None"]
"""``read(baggage, traceparent, headers)`` → what they say, None where it is nobody's we trust."""
_reader: Reader | None = None


class Received:
    """What is known of one request before it is read.

    ``owner_ref``: the person, ``""`` for nobody; ``prints``: (data type, fingerprint) → tag id of
    the sender; ``fingerprint(data_type, value)`` computes one.
    """

    __slots__ = ("_fingerprint", "_left", "_prints", "_tags", "_types", "owner")

    def __init__(
        self,
        owner_ref: str,
        prints: dict[tuple[str, str], str],
        fingerprint: Callable[[str, Any], str],
    ) -> None:
        self.owner = Owner(owner_ref, None) if owner_ref else None
        self._prints = prints
        self._tags = frozenset(prints.values())
        self._types = tuple(dict.fromkeys(data_type for data_type, _ in prints))
        self._fingerprint = fingerprint
        self._left = _MOST_VALUES

    def __repr__(self) -> str:
        return "<received>"

    def names(self, tag_id: str) -> bool:
        """Whether the sender has named this tag, with a fingerprint."""
        return tag_id in self._tags

    def take(
        self, tagger: Tagger, items: Iterable[tuple[str, Any]], kind: str, scope: Scope
    ) -> set[int]:
        """Tag the fields whose values the sender has tagged, whatever they are called here.

        Returns their positions. Each keeps the sender's tag as its parent.
        """
        taken = set()
        with _guarded:
            for position, (name, value) in enumerate(items):
                if type(value) not in _SCALARS or self._left <= 0:
                    continue
                if type(value) is str and not 2 <= len(value) <= _LONGEST:
                    continue
                self._left -= 1
                plain = unquote(value) if type(value) is str and "%" in value else value
                found = self._known(plain)
                if found is None:
                    continue
                data_type, parent = found
                owner = tagger.scope_owner(scope)
                datum = tagger.value(plain, data_type, owner, f"{kind}:{shown(name)}", scope)
                if parent not in datum.senders:
                    datum.senders = (*datum.senders, parent)
                    datum.tag = None
                    datum.collected = False
                tagger.collect(datum)
                taken.add(position)
        return taken

    def _known(self, value: Any) -> tuple[str, str] | None:
        for data_type in self._types:
            parent = self._prints.get((data_type, self._fingerprint(data_type, value)))
            if parent is not None:
                return data_type, parent
        return None


def receive_by(reader: Reader | None) -> None:
    """Have ``reader`` asked what requests bring; None: they bring nothing."""
    global _reader
    _reader = reader


def receive(
    scope: Scope, baggage: str, traceparent: str, headers: Headers = lambda: _NO_HEADERS
) -> None:
    """Note with ``scope`` what its request's headers say."""
    if baggage and _reader is not None:
        with _guarded:
            scope.received = _reader(baggage, traceparent, headers)


def receive_in_message(scope: Scope, headers: Any) -> None:
    """Note with ``scope`` what the headers of a message say.

    A mapping or pairs, of texts, bytes, or attributes as SQS has them; anything else says nothing.
    """
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    if not isinstance(pairs, (list, tuple, ItemsView)):
        return
    said = {}
    for pair in pairs:
        if isinstance(pair, (list, tuple)) and len(pair) == 2:
            name, value = _text(pair[0]), _text(pair[1])
            if name and value:
                said[f"HTTP_{name.upper().replace('-', '_')}"] = value
    if "HTTP_BAGGAGE" in said:
        receive(scope, said["HTTP_BAGGAGE"], said.get("HTTP_TRACEPARENT", ""), lambda: said)


def _text(value: Any) -> str:
    if type(value) is dict:
        value = value.get("StringValue")
    if type(value) is bytes:
        return value.decode("latin-1")
    return value if type(value) is str else ""
