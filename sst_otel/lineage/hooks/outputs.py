"""Noting what a function made of personal data, so that its text is recognised later."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterable
from typing import Any

from sst_otel import semconv
from sst_otel.guard import guard
from sst_otel.lineage.hooks.inputs import Sources, data_in
from sst_otel.missed import OUTPUTS, missed
from sst_otel.registry.registry import Registry

# Taken before they can be hooked: our own work must never run through our own hooks.
_base64, _urlsafe = base64.b64encode, base64.urlsafe_b64encode


_TEXTS = frozenset({str, bytes, bytearray})


class _Busy(threading.local):
    on = False


_busy = _Busy()
registry: Registry | None = None
"""That of the running tracker, while hooks are installed."""

Note = Callable[[Registry, list[Sources], Any], None]
"""Notes a result, given the data that its input holds."""


def settle(value: Any, result: Any, note: Note, longest: int) -> None:
    """If ``value`` holds personal data, note ``result`` by ``note``; what fails is ours alone."""
    known = registry
    if known is None or type(value) not in _TEXTS or len(value) > longest or _busy.on:
        return
    _busy.on = True
    try:
        with guard("hooks"):
            found = data_in(value, known)
            if found:
                note(known, found, result)
    finally:
        _busy.on = False


def note_digest(known: Registry, found: list[Sources], digest: bytes) -> None:
    """Note a digest in the forms programs write: hexadecimal, cut or whole, and base64."""
    texts = (_base64(digest).decode(), _urlsafe(digest).decode())
    for sources in found:
        _note(known, digest.hex(), sources, semconv.HASHED, can_be_cut=True)
        for text in dict.fromkeys(texts):
            _note(known, text, sources, semconv.HASHED)


def note_digest_object(known: Registry, found: list[Sources], made: Any) -> None:
    """Note what a digest object says now; more can be fed to it afterwards."""
    note_digest(known, found, made.digest())


def note_uuid(known: Registry, found: list[Sources], made: Any) -> None:
    """Note a name-based UUID, with and without hyphens."""
    for sources in found:
        _note(known, str(made), sources, semconv.HASHED)
        _note(known, made.hex, sources, semconv.HASHED, can_be_cut=True)


def note_checksum(name: str) -> Note:
    """Return what notes a 32-bit checksum: a number, so computed; in hexadecimal, a digest."""

    def note(known: Registry, found: list[Sources], number: Any) -> None:
        for sources in found:
            _note(known, str(number), sources, semconv.DERIVED, operation=name)
            _note(known, f"{number:08x}", sources, semconv.HASHED)

    return note


def note_code(known: Registry, found: list[Sources], code: bytes) -> None:
    """Note an encoded value: the value itself, in letters that the matcher does not decode."""
    for sources in found:
        _note(known, code.decode("ascii", "replace"), sources, semconv.ENCODED)


def digest_made(sources: Iterable[Any], digest: bytes) -> None:
    """Note that ``digest`` (its bytes) was made of the data ``sources``, for who follows it."""
    if registry is not None:
        with guard("hooks"):
            note_digest(registry, [(datum,) for datum in sources], digest)


def text_made(sources: Iterable[Any], text: str) -> None:
    """Note that ``text`` holds the data ``sources`` in a form that cannot be read."""
    if registry is not None:
        with guard("hooks"):
            for datum in sources:
                _note(registry, text, (datum,), semconv.ENCODED)


def _note(
    known: Registry,
    text: str,
    sources: Sources,
    evidence: str,
    *,
    can_be_cut: bool = False,
    operation: str = "",
) -> None:
    if not known.made().add(text, sources, evidence, can_be_cut=can_be_cut, operation=operation):
        missed(OUTPUTS)
