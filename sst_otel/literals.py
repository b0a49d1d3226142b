"""Texts that stand in the application's own source: its constants, nobody's data.

A shop's support address may be a colleague's e-mail address too. Where such a text leaves, content
alone cannot tell the two apart; that it is written in the program can.
"""

from __future__ import annotations

from types import CodeType

from sst_otel.registry.text import phrase

_SHORTEST, _LONGEST = 5, 2_000
_codes: list[CodeType] = []
_phrases: set[str] = set()


def note(code: CodeType) -> None:
    """Remember a module of the application; its texts are read when they are first asked for."""
    _codes.append(code)


def stands_in_code(text: str) -> bool:
    """Whether ``text`` is, or is a run of whole words of, a text in a noted module's source."""
    while _codes:
        _read(_codes.pop())
    wanted = phrase(text)
    if not wanted:
        return False
    padded = f" {wanted} "
    return wanted in _phrases or any(padded in f" {known} " for known in tuple(_phrases))


def _read(code: CodeType) -> None:
    """Fold the text constants of ``code`` and of what is nested in it, docstrings included."""
    pending: list[object] = [code]
    while pending:
        constant = pending.pop()
        if isinstance(constant, CodeType):
            pending.extend(constant.co_consts)
        elif isinstance(constant, (tuple, frozenset)):
            pending.extend(constant)
        elif type(constant) is str and _SHORTEST <= len(constant) <= _LONGEST:
            _phrases.add(phrase(constant))
