"""Provenance as it travels between services of one owner: members of a W3C ``baggage`` header.

``sst.owner`` the owner_ref, ``sst.tags`` tag ids, ``sst.fp`` for tags of strong values
``POSITION-TYPE-FINGERPRINT``, ``sst.t`` seconds since the epoch, ``sst.mac`` over all of them and
the trace id. Lists are joined by dots; only ``[A-Za-z0-9._~-]`` occurs, which no propagator has to
encode (https://www.w3.org/TR/baggage/).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hmac import compare_digest  # it and the next are taken before they are hooked
from hmac import digest as hmac_digest
from typing import Any
from urllib.parse import unquote_plus

from sst_otel import semconv
from sst_otel.datatypes import normalise
from sst_otel.keys import Keys

PREFIX = "sst."
MOST_BYTES = 2_048
"""Of all members of ours together."""
MOST_SECONDS = 300
_AHEAD_SECONDS = 60
"""How much the sender's clock may be ahead."""
_OWNER, _TAGS, _TIME = semconv.BAGGAGE_OWNER, semconv.BAGGAGE_TAGS, semconv.BAGGAGE_TIME
_PRINTS, _MAC = semconv.BAGGAGE_FINGERPRINTS, semconv.BAGGAGE_MAC
_MAC_DIGITS = 32
_MOST_SAID = MOST_BYTES - len(_MAC) - _MAC_DIGITS - 2 * 5
"""Of names and values without the MAC and without what joins the five members."""
_SAFE = re.compile(r"[A-Za-z0-9._~-]*")
_TYPE = re.compile(r"[A-Za-z0-9_]+")
_TRACE = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*")


@dataclass(frozen=True, slots=True)
class Told:
    """What another service has said, verified."""

    owner_ref: str
    tags: tuple[str, ...]
    prints: dict[tuple[str, str], str]
    """(data type, fingerprint) → tag id."""


class Wire:
    """Writes and reads members under a key that the services share; ``clock``: epoch seconds."""

    def __init__(self, keys: Keys, clock: Callable[[], float]) -> None:
        self._seal = keys.derived("baggage.mac")
        self._print = keys.derived("baggage.fp")
        self._clock = clock

    def fingerprint(self, data_type: str, value: Any) -> str:
        """Return a keyed digest of a value's normal form; 16 hex digits."""
        message = f"{data_type}|{normalise(data_type, value)}".encode("utf-8", "surrogatepass")
        return hmac_digest(self._print, message, "sha256").hex()[:16]

    def write(
        self, trace_id: str, owner_ref: str, tags: Sequence[tuple[str, str, str]]
    ) -> tuple[str, ...]:
        """Return the members; ``tags``: id, data type and fingerprint (or ``""``) of each.

        ``trace_id`` in hex. Tags that find no room are left out.
        """
        kept = list(tags)
        while True:
            said = self._said(owner_ref, kept)
            if kept and sum(map(len, said)) + sum(map(len, said.values())) > _MOST_SAID:
                kept.pop()
                continue
            said[_MAC] = self._mac(trace_id, said)
            return tuple(f"{name}={value}" for name, value in said.items())

    def _said(self, owner_ref: str, tags: Sequence[tuple[str, str, str]]) -> dict[str, str]:
        said = {_TAGS: ".".join(tag for tag, _, _ in tags), _TIME: str(int(self._clock()))}
        if owner_ref:
            said[_OWNER] = owner_ref
        prints = [
            f"{position}-{data_type}-{digest}"
            for position, (_, data_type, digest) in enumerate(tags)
            if digest and _TYPE.fullmatch(data_type)
        ]
        if prints:
            said[_PRINTS] = ".".join(prints)
        return said

    def _mac(self, trace_id: str, said: dict[str, str]) -> str:
        lines = [trace_id, *(f"{name}={said[name]}" for name in sorted(said))]
        return hmac_digest(self._seal, "\n".join(lines).encode(), "sha256").hex()[:_MAC_DIGITS]

    def read(self, header: str, traceparent: str) -> Told | None:
        """Return what ``header`` says if it was written for this trace, and lately; else None."""
        trace_id = trace_id_of(traceparent)
        said = _ours(header)
        if not trace_id or said is None:
            return None
        mac = said.pop(_MAC, "")
        when = said.get(_TIME, "")
        if not compare_digest(mac, self._mac(trace_id, said)) or not when.isdecimal():
            return None
        if not -_AHEAD_SECONDS <= self._clock() - int(when) <= MOST_SECONDS:
            return None
        tags = tuple(filter(None, said.get(_TAGS, "").split(".")))
        prints = {}
        for one in filter(None, said.get(_PRINTS, "").split(".")):
            position, data_type, digest = one.split("-")
            prints[data_type, digest] = tags[int(position)]
        return Told(said.get(_OWNER, ""), tags, prints)


def trace_id_of(traceparent: str) -> str:
    """Return the trace id in a ``traceparent`` header; ``""`` where it is none."""
    found = _TRACE.fullmatch(traceparent.strip())
    return "" if found is None else found.group(1)


def _ours(header: str) -> dict[str, str] | None:
    """Return the members of ours; None where there is none, or something that we never write."""
    if PREFIX not in header or not header.isascii():
        return None
    said: dict[str, str] = {}
    for member in header.split(","):
        name, _, value = member.strip().partition("=")
        if not name.startswith(PREFIX):
            continue
        if name in said or not _SAFE.fullmatch(value):
            return None
        said[name] = value
    return said or None


def without_ours(header: str) -> str:
    """Return a ``baggage`` header without members of ours; the same text where there is none."""
    if PREFIX not in header.lower() and "%" not in header:
        return header
    members = header.split(",")
    others = [one for one in members if not _is_ours(one)]
    return header if len(others) == len(members) else ",".join(others).strip()


def _is_ours(member: str) -> bool:
    return unquote_plus(member.partition("=")[0]).strip().lower().startswith(PREFIX)
