"""Constants that stand in the application's own source: the program's, nobody's data.

A support address may be a colleague's e-mail address too, and a list of countries holds the
visitor's. Content alone cannot tell the two apart; that the value is written in the program can.
"""

from __future__ import annotations

import re
from types import CodeType
from typing import Any

from sst_otel.registry.text import phrase

CONSTANTS: dict[int, Any] = {}
"""``id`` of a constant → the constant. Objects the interpreter shares with data never enter."""

_LONGEST = 2_000
_folded: dict[str, str] = {}
"""Text constant → its phrase, folded when first asked for."""
_joined: tuple[dict[str, str], int, tuple[frozenset[str], str]] = (_folded, 0, (frozenset(), ""))
"""The phrases so far, their number, and all of them as :func:`_everything` gives them."""
_unfolded: list[str] = []
_unsplit: list[str] = []
_segments: set[str] = set()
_of_accounts: set[str] = set()
"""Text constants of the modules that know passwords."""
_texts: dict[str, list[str]] = {}
"""File → its text constants."""
_unlisted: list[str] = []
_files: dict[str, set[str]] = {}
"""Phrase → files that had it once; :data:`_texts` says whether they have it still."""
_PASSWORD = re.compile(r"passw|pwd|passhash|pass_hash|^pw_|_pw$", re.IGNORECASE)
_SEGMENT = re.compile(r"[A-Za-z][a-z]{1,23}\d{0,2}(?:[-_.]?[A-Z]?[a-z]{2,23}\d{0,2}){0,5}")
"""Words; the address of a webhook holds its secret, which is a constant as well."""
_LONGEST_PATH = 300


def note(code: CodeType) -> None:
    """Remember the constants of a module, functions and classes in it included."""
    pending: list[object] = [code]
    texts: list[str] = []
    names: list[str] = []
    while pending:
        constant = pending.pop()
        if isinstance(constant, CodeType):
            pending.extend(constant.co_consts)
            names += [*constant.co_names, *constant.co_varnames]
        elif isinstance(constant, (tuple, frozenset)):
            pending.extend(constant)
        elif type(constant) is str:
            if len(constant) > 1:
                CONSTANTS[id(constant)] = constant
                _unfolded.append(constant)
                texts.append(constant)
                if "/" in constant and len(constant) <= _LONGEST_PATH:
                    _unsplit.append(constant)
        elif type(constant) is float or (type(constant) is int and not -5 <= constant <= 256):
            CONSTANTS[id(constant)] = constant
    names += [text for text in texts if text.isidentifier()]
    if any(map(_PASSWORD.search, names)):
        _of_accounts.update(texts)
    _texts[code.co_filename] = texts
    _unlisted.append(code.co_filename)


def stands_in_code(text: str) -> bool:
    """Whether ``text`` is a constant of the program, however it is spelled there."""
    wanted = phrase(text)
    return bool(wanted) and wanted in _everything()[0]


def may_be_an_account(text: str) -> bool:
    """Whether ``text`` is a constant of a module that knows passwords: of its accounts, perhaps."""
    wanted = phrase(text)
    return bool(wanted) and any(
        known == wanted and constant in _of_accounts
        for constant, known in tuple(_phrases().items())
    )


def files_with(text: str) -> set[str]:
    """Return the files that have ``text`` among their constants, however it is spelled there."""
    wanted, phrases = phrase(text), _phrases()
    while _unlisted:
        file = _unlisted.pop()
        for constant in _texts.get(file, ()):
            _files.setdefault(phrases.get(constant, ""), set()).add(file)
    return {
        file
        for file in list(_files.get(wanted, ()))
        if any(phrases.get(constant) == wanted for constant in _texts.get(file, ()))
    }


def is_noted(file: str) -> bool:
    """Whether ``file`` is one of the application's modules."""
    return file in _texts


def brings(text: str, value: str) -> bool:
    """Whether ``text`` holds a longer constant of the program, whole, that holds ``value``."""
    wanted, whole = f" {phrase(value)} ", f" {phrase(text)} "
    return wanted in _everything()[1] and any(
        wanted in f" {known} " and len(known) + 2 > len(wanted) and f" {known} " in whole
        for known in tuple(_phrases().values())
    )


def is_path_segment(text: str) -> bool:
    """Whether the program writes ``text`` as a whole segment of some URL or path."""
    while _unsplit:
        try:
            constant = _unsplit.pop()
        except IndexError:  # another thread has taken the last one
            break
        path = constant.partition("://")[2].partition("/")[2] if "://" in constant else constant
        path = path.partition("?")[0]
        if not any(char.isspace() for char in path):
            _segments.update(part for part in path.split("/") if _SEGMENT.fullmatch(part))
    return text in _segments


def _everything() -> tuple[frozenset[str], str]:
    """Return all phrases as a set, and as one text in which what no constant holds is not found.

    Both are asked for every value that content finds in a payload.
    """
    global _joined
    phrases = _phrases()
    if _joined[0] is not phrases or _joined[1] != len(phrases):
        known = list(phrases.values())
        text = "\n".join([f" {phrase} " for phrase in known])
        _joined = (phrases, len(known), (frozenset(known), text))
    return _joined[2]


def _phrases() -> dict[str, str]:
    while _unfolded:
        constant = _unfolded.pop()
        if len(constant) <= _LONGEST:
            _folded[constant] = phrase(constant)
    return _folded
