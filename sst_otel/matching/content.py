"""Strong values found by content: phrases, separator-free digit runs, substrings, digests."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection

from sst_otel import semconv
from sst_otel.matching import rules
from sst_otel.matching.claims import DOCUMENTS
from sst_otel.matching.compression import Budget
from sst_otel.matching.decode import hidden_text, is_respelled, respell
from sst_otel.matching.passing import is_in_passing
from sst_otel.matching.texts import Texts
from sst_otel.registry.datum import Datum
from sst_otel.registry.index import DIGESTS, Entry, Index, listed
from sst_otel.registry.text import fold
from sst_otel.registry.typed import not_everybodys

_DIGIT_RUN = re.compile(
    r"(?<![A-Za-z0-9_])[+(]{0,2}[A-Z0-9][A-Z0-9\s()./\-]{5,40}[0-9](?![A-Za-z0-9_])"
)
_SEPARATORS = re.compile(r"[^A-Z0-9]+")
_LETTERS = re.compile(r"[A-Z]+")
_RUN_PIECE = re.compile(r"[A-Z0-9]+")
_HEX = re.compile(r"[0-9a-f]+")
_DIGEST_BASE64 = frozenset({22, 27, 43, 86})
"""Lengths of the digests in base64, without padding."""
_DIGEST_BYTES = frozenset(size // 2 for size in DIGESTS)
_FRACTION = re.compile(r"\d\.\Z")
_INTEGER_PART = re.compile(r"\.\d+\Z")
_MAX_PIECES = 8
_MAX_CODES = 1_000
_SHORTEST_HEX = 16

Found = tuple[int, list[Datum], str, str]
"""Which text, the data, the evidence, and the rule that found them."""


class Content:
    """The registry's indexes, as seen by one call.

    ``everybodys``: what too many people have in common (:func:`not_everybodys`) is found too; it
    says nothing about any of them, and is personal all the same.
    """

    def __init__(self, indexes: tuple[Index, ...], *, everybodys: bool = False) -> None:
        self._indexes = indexes
        self._everybodys = everybodys
        self._runs = tuple([index for index in indexes if index.digits])
        self.words: list[str] = []
        """The folded words of what was looked at last, escapes undone where there were some."""
        self.distinct: Collection[str] = ()
        """The same, without repetitions where there are many."""
        self.digests = False
        """Whether something in it had the shape of a digest."""
        self.documents = False
        """Whether something in it had the shape of a document in base64."""
        self.told_by: set[str] | None = set()
        """Words of what was found last, one of each; None where some of it was in a code."""
        self.unread = 0
        """Codes that hold more than is decompressed."""

    def find(self, texts: Texts) -> list[Found]:
        """Return the data recognised in the texts, with evidence and rule."""
        self.words, self.distinct = texts.words, texts.distinct
        self.digests, self.documents, self.told_by = False, False, set()
        if not texts.words:
            return []
        look = _Look(self._indexes, self._runs, texts.texts, self._everybodys)
        look.at(texts, None)
        hidden = look.codes(texts)
        if is_respelled(texts.joined):
            changed, numbers = [], []
            for number, text in enumerate(texts.texts):
                plain = respell(text)
                if plain != text:
                    changed.append(plain)
                    numbers.append(number)
            if changed:
                spelled = Texts(changed, numbers)
                look.at(spelled, None)
                hidden += look.codes(spelled)
                self.words = [*texts.words, *spelled.words]
                self.distinct = [*texts.distinct, *spelled.distinct]
        if hidden:
            plain_ones = len(look.found)
            hidden += [(of, respell(text)) for of, text in hidden if is_respelled(text)]
            look.at(Texts([text for _, text in hidden], [of for of, _ in hidden]), semconv.ENCODED)
            look.in_codes = look.in_codes or len(look.found) > plain_ones
        self.digests, self.documents = look.digests, look.documents
        self.unread = look.unread
        self.told_by = None if look.in_codes else look.told_by
        return look.found


def find_plain(indexes: tuple[Index, ...], texts: Texts) -> list[Found]:
    """Return the data that stand in the texts for everybody to read; nothing is decoded."""
    runs = tuple([index for index in indexes if index.digits])
    look = _Look(indexes, runs, texts.texts)
    look.at(texts, None)
    return look.found


class _Look:
    """One look at one payload; texts are numbered, and ``originals`` what was sent."""

    def __init__(
        self,
        indexes: tuple[Index, ...],
        runs: tuple[Index, ...],
        originals: list[str],
        everybodys: bool = False,
    ) -> None:
        self._everybodys = everybodys
        self._indexes = indexes
        self._runs = runs
        self._originals = originals
        self.found: list[Found] = []
        self.digests = False
        self.documents = False
        self.told_by: set[str] = set()
        self.in_codes = False
        """Whether something was found that no word of the payload tells."""
        self._budget: Budget | None = None

    @property
    def unread(self) -> int:
        """Codes that hold more than is decompressed."""
        return self._budget.cut if self._budget is not None else 0

    def at(self, texts: Texts, encoded: str | None) -> None:
        """Look for what stands there in letters; ``encoded`` is the evidence of a decoded text."""
        spots: dict[tuple[int, str], None] = {}
        for index in self._indexes:
            for position, key in index.find_phrases(texts.words, texts.distinct):
                spots[texts.number_of_word(position), key] = None
        for number, key in sorted(spots):  # in the payload's order: they come from sets
            entries = [index.phrases.get(key) for index in self._indexes]
            self._keep(number, entries, rules.PHRASE, encoded, key)
            self.told_by.add(max(key.split(), key=len))
        made: dict[tuple[int, str], dict[Datum, None]] = {}
        for index in self._indexes:
            if index.made:
                for position, output in index.made.find(texts.words):
                    data = made.setdefault((position, output.evidence), {})
                    data.update(dict.fromkeys(output.data()))
        for (position, evidence), data in made.items():
            # Of several people who have the value in common the matcher chooses.
            rule = rules.STORED if evidence == semconv.COMPOSED else rules.MADE
            self.found.append((texts.number_of_word(position), list(data), evidence, rule))
            self.told_by.add(texts.words[position])
        if not texts.joined.isascii() and any(index.substrings for index in self._indexes):
            self._scripts(texts, encoded)
        if self._runs:
            shortest = min([index.shortest_run for index in self._runs])
            digits = texts.digits(shortest)
            if digits and any(index.may_hold_digits(digits) for index in self._runs):
                for place in texts.places_of_digits(shortest):
                    self._find_runs(texts.numbered(place), texts.texts[place], encoded)

    def codes(self, texts: Texts) -> list[tuple[int, str]]:
        """Look for digests; return what else is hidden in codes, as text."""
        hidden = []
        for count, (offset, code) in enumerate(texts.long_codes()):
            if count >= _MAX_CODES:
                break
            pieces = [code]
            self._budget = self._budget or Budget()
            self.documents = self.documents or code.startswith(DOCUMENTS)
            for word in code.split("/"):
                if len(word) < _SHORTEST_HEX or not _HEX.fullmatch(word.lower()):
                    continue
                if len(word) in DIGESTS:
                    self.digests = True
                    self._keep_digest(texts.number_of_char(offset), word.lower())
                elif word != code:
                    pieces.append(word)
            if len(code) in _DIGEST_BASE64:
                self.digests = True
                self._base64_digest(texts.number_of_char(offset), code)
            for readable in filter(None, [hidden_text(piece, self._budget) for piece in pieces]):
                hidden.append((texts.number_of_char(offset), readable))
        return hidden

    def _scripts(self, texts: Texts, encoded: str | None) -> None:
        """Look for values of scripts without word boundaries."""
        everything = fold(texts.joined)
        for index in self._indexes:
            values = [value for value in list(index.substrings) if value in everything]
            for place, text in enumerate(texts.texts if values else ()):
                folded = fold(text)
                for value in values:
                    if value in folded:
                        found = index.substrings.get(value)
                        self._keep(texts.numbered(place), [found], rules.SCRIPT, encoded)
                        self.in_codes = True

    def _find_runs(self, number: int, text: str, encoded: str | None) -> None:
        for match in _DIGIT_RUN.finditer(text):
            runs = _LETTERS.split(_SEPARATORS.sub("", match.group()))
            if not any([index.may_hold_run(runs) for index in self._runs]):
                continue
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
                    entries = self._runs_of(run.lower())
                    if not entries and dialled:
                        entries = self._runs_of(run.lstrip("0"))
                    if entries and not _is_part_of_number(match, pieces[first], piece):
                        self._keep(number, entries, rules.DIGITS, encoded)
                        read = [part.group() for part in pieces[first : pieces.index(piece) + 1]]
                        self.told_by.add(max(read, key=len).lower())

    def _runs_of(self, run: str) -> list[Entry | None]:
        return [index.digits[run] for index in self._runs if run in index.digits]

    def _base64_digest(self, number: int, code: str) -> None:
        try:
            core = code.replace("-", "+").replace("_", "/")
            raw = base64.b64decode(core + "=" * (-len(core) % 4))
        except ValueError:
            return
        if len(raw) in _DIGEST_BYTES:
            self._keep_digest(number, raw.hex())

    def _keep_digest(self, number: int, digest: str) -> None:
        data = [datum for index in self._indexes for datum in index.find_digest(digest)]
        data = data if self._everybodys else not_everybodys(data)
        if data:
            self.found.append((number, data, semconv.HASHED, rules.DIGEST))
            self.in_codes = True

    def _keep(
        self,
        number: int,
        entries: list[Entry | None],
        rule: str,
        encoded: str | None,
        key: str = "",
    ) -> None:
        data = [datum for entry in entries if entry is not None for datum in listed(entry)]
        if " " in key and encoded is None:
            text = self._originals[number]
            data = [datum for datum in data if not is_in_passing(datum, key, text)]
        data = data if self._everybodys else not_everybodys(data)
        if not data:
            return
        if encoded is not None:
            self.found.append((number, data, encoded, rules.DECODED))
        else:
            how = _spelling(data, self._originals[number])
            self.found.append((number, data, how, rule))


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
