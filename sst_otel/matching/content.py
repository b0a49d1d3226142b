"""Strong values found by content: phrases, separator-free digit runs, substrings, digests."""

from __future__ import annotations

import base64
import re

from sst_otel import semconv
from sst_otel.matching import rules
from sst_otel.matching.decode import plain_forms
from sst_otel.registry.datum import Datum
from sst_otel.registry.index import DIGEST_LENGTHS, MAX_OWNERS, Index
from sst_otel.registry.text import fold, tokens

_DIGIT_RUN = re.compile(
    r"(?<![A-Za-z0-9_])[+(]{0,2}[A-Z0-9][A-Z0-9\s()./\-]{5,40}[0-9](?![A-Za-z0-9_])"
)
_RUN_PIECE = re.compile(r"[A-Z0-9]+")
_DIGEST_BASE64 = re.compile(
    r"(?<![A-Za-z0-9+/_=-])"
    r"(?:[A-Za-z0-9+/_-]{22}={0,2}|[A-Za-z0-9+/_-]{27}=?|[A-Za-z0-9+/_-]{43}=?)"
    r"(?![A-Za-z0-9+/_=-])"
)
_DIGEST_BYTES = frozenset(size // 2 for size in DIGEST_LENGTHS)
_FRACTION = re.compile(r"\d\.\Z")
_INTEGER_PART = re.compile(r"\.\d+\Z")
_MAX_PIECES = 8
_DIGITS = frozenset("0123456789")

Found = tuple[list[Datum], str, str]
"""The data, the evidence, and the rule that found them."""


class Content:
    """The registry's indexes, as seen by one call."""

    def __init__(self, indexes: tuple[Index, ...]) -> None:
        self._indexes = indexes
        self._runs = any(index.digits for index in indexes)

    def find(self, text: str) -> list[Found]:
        """Return the data recognised in one leaf's text, with evidence and rule."""
        found: list[Found] = []
        if len(text) < 4:
            return found
        for form, encoded in plain_forms(text):
            plain = semconv.ENCODED if encoded else None
            words = tokens(form)
            present = set(words)
            for index in self._indexes:
                for data in index.find_phrases(words, present):
                    self._keep_text(found, data, rules.PHRASE, plain, text)
                if index.substrings and not form.isascii():
                    folded = fold(form)
                    for value, data in list(index.substrings.items()):
                        if value in folded:
                            self._keep_text(found, data, rules.SCRIPT, plain, text)
            if self._runs and not _DIGITS.isdisjoint(form):
                self._find_runs(form, found, plain)
            if not encoded:
                self._find_digests(form, present, found)
        return found

    def _find_runs(self, text: str, found: list[Found], plain: str | None) -> None:
        for match in _DIGIT_RUN.finditer(text):
            pieces = list(_RUN_PIECE.finditer(match.group()))
            for first in range(len(pieces)):
                run = ""
                # 0049…, 0170…: a dialling prefix stands before what is registered.
                dialled = pieces[first].group()[0] == "0" != pieces[first].group()
                for piece in pieces[first : first + _MAX_PIECES]:
                    run += piece.group()
                    if len(run) < 7:
                        continue
                    if len(run) > 34:
                        break
                    for index in self._indexes:
                        data = index.digits.get(run.lower())
                        if not data and dialled:
                            data = index.digits.get(run.lstrip("0"))
                        if data and not _is_part_of_number(match, pieces[first], piece):
                            self._keep_text(found, data, rules.DIGITS, plain, text)

    def _find_digests(self, text: str, present: set[str], found: list[Found]) -> None:
        for word in present:
            if len(word) in DIGEST_LENGTHS and _is_hex(word):
                self._keep_digest(word, found)
        if len(text) >= 22 and not text.isalpha():
            for match in _DIGEST_BASE64.finditer(text):
                core = match.group().rstrip("=").replace("-", "+").replace("_", "/")
                try:
                    raw = base64.b64decode(core + "=" * (-len(core) % 4))
                except ValueError:
                    continue
                if len(raw) in _DIGEST_BYTES:
                    self._keep_digest(raw.hex(), found)

    def _keep_digest(self, digest: str, found: list[Found]) -> None:
        for index in self._indexes:
            self._keep(found, index.find_digest(digest), semconv.HASHED, rules.DIGEST)

    def _keep_text(
        self, found: list[Found], data: list[Datum], rule: str, plain: str | None, text: str
    ) -> None:
        if plain is not None:
            self._keep(found, data, plain, rules.DECODED)
        else:
            self._keep(found, data, _spelling(data, text), rule)

    @staticmethod
    def _keep(found: list[Found], data: list[Datum], evidence: str, rule: str) -> None:
        if data and len(data) <= MAX_OWNERS:
            found.append((data, evidence, rule))


def _is_part_of_number(match: re.Match[str], first: re.Match[str], last: re.Match[str]) -> bool:
    """Whether a run is the fraction or the integer part of a longer number."""
    text = match.group()
    before, after = text[: first.start()], text[last.end() :]
    return bool(_FRACTION.search(before) or _INTEGER_PART.match(after))


def _spelling(data: list[Datum], text: str) -> str:
    """``exact`` when the value stands there as it was written, else ``normalized``."""
    value = data[0].value
    written = value if type(value) is str else str(value)
    return semconv.EXACT if written in text else semconv.NORMALIZED


def _is_hex(word: str) -> bool:
    return all(char in "0123456789abcdef" for char in word)
