"""Personal values in texts replaced by what they are: ``{email:tag_…}``.

What is looked for is what the matcher knows by content: everybody's strong values, in clear, under
escapes, in base64 or hexadecimal codes, as digests. A value is cut out where it stands; the result
is looked at again, and a text in which something can still be found goes as a whole. Weak values
(``F``, ``54``) count only under a key that names their type (:mod:`.weak_fields`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from sst_otel import semconv
from sst_otel.datatypes import FieldClassifier, digit_run
from sst_otel.datatypes.forms import as_text
from sst_otel.matching import rules
from sst_otel.matching.content import Content, Found
from sst_otel.matching.decode import is_respelled
from sst_otel.matching.texts import Texts
from sst_otel.registry.datum import DERIVED, Datum
from sst_otel.registry.index import Index, listed
from sst_otel.registry.registry import Registry
from sst_otel.registry.text import SEPARATOR, tokens
from sst_otel.tags import Tag
from sst_otel.telemetry.spelled import Spelled
from sst_otel.telemetry.swapping import Collected, Swaps
from sst_otel.telemetry.weak_fields import WeakFields

_CODED = frozenset({rules.DECODED, rules.DIGEST, rules.MADE})
_MOST_NAMED = 4
_PIECE = re.compile(r"[^/]+")
_BETWEEN = r"[\W_]+"
_BEGINS, _ENDS = r"(?<![^\W_])", r"(?![^\W_])"
_BETWEEN_DIGITS = r"[^a-z0-9]{0,3}"

Cut = tuple[int, int, str]
"""From where to where in a text, and what to put there."""


class Redactor:
    """Knows what to replace. ``tag_of`` gives the tag of a datum."""

    def __init__(
        self, registry: Registry, classifier: FieldClassifier, tag_of: Callable[[Datum], Tag]
    ) -> None:
        self._registry = registry
        self._tag_of = tag_of
        self._weak = WeakFields(registry, classifier, self._label)

    def idle(self) -> bool:
        """Whether nothing of anybody is known."""
        return len(self._registry) == 0

    def collected(self) -> Collected:
        """Return what to collect telemetry in."""
        return Collected(self._weak.types_of)

    def swaps(self, collected: Collected) -> Swaps:
        """Return what to put for the personal values in what was collected."""
        indexes = self._registry.indexes()
        given = list(collected.texts)
        looked_at = Texts(given)
        hits: dict[int, list[Found]] = {}
        for found in _find(indexes, looked_at):
            hits.setdefault(found[0], []).append(found)
        texts = {given[n]: self._without(given[n], here, indexes) for n, here in hits.items()}
        pairs: dict[tuple[str, str], str | None] = {}
        known = self._weak.known()
        if known:
            for text in self._weak.texts(given, looked_at):
                texts[text] = known.without(texts.get(text, text))
            pairs = {pair: known.value_of(*pair) for pair in collected.pairs}
        return Swaps(
            {text: swap for text, swap in texts.items() if swap != text},
            {pair: swap for pair, swap in pairs.items() if swap is not None},
        )

    def _without(self, text: str, found: list[Found], indexes: tuple[Index, ...]) -> str:
        found = [each for each in found if each[3] != rules.STORED]
        if not found:
            return text
        cuts = _Cuts(text, indexes, self._label).made(found)
        result = _apply(text, cuts)
        left = _find(indexes, Texts([result]))
        if all(each[3] == rules.STORED for each in left):
            return result
        return self._label([datum for each in found for datum in each[1]])

    def _label(self, data: Iterable[Datum]) -> str:
        """Return ``{type:tag}``; of what several people have, the types alone."""
        sources: dict[Datum, None] = {}
        for datum in data:
            sources.update(dict.fromkeys(datum.parents if datum.data_type == DERIVED else (datum,)))
        tags = dict.fromkeys(self._tag_of(datum) for datum in sources)
        if len({tag.owner_ref for tag in tags}) > 1:
            named = dict.fromkeys(tag.data_type for tag in tags)
        else:
            named = dict.fromkeys(f"{tag.data_type}:{tag.tag_id}" for tag in tags)
        return "{" + ",".join(list(named)[:_MOST_NAMED]) + "}"


def _find(indexes: tuple[Index, ...], texts: Texts) -> list[Found]:
    """Return what stands in texts, any of which may be a query: ``+`` is a blank there."""
    found = Content(indexes, everybodys=True).find(texts)
    queries = [number for number, text in enumerate(texts.texts) if "+" in text]
    if queries:
        spaced = [texts.texts[number].replace("+", " ") for number in queries]
        for number, data, how, rule in Content(indexes, everybodys=True).find(Texts(spaced)):
            found.append((queries[number], data, how, rule))
    return found


class _Cuts:
    """What to cut out of one text."""

    def __init__(
        self,
        text: str,
        indexes: tuple[Index, ...],
        label: Callable[[Iterable[Datum]], str],
    ) -> None:
        self._indexes = indexes
        self._label = label
        self._spelled = Spelled(text)
        self._cuts: list[Cut] = []

    def made(self, found: list[Found]) -> list[Cut]:
        """Return what to cut, given what was found."""
        if is_respelled(self._spelled.text):
            self._spelled.undo_escapes()
        if any(rule in _CODED for _, _, _, rule in found):
            self._codes()
        self._spelled.fold()
        words = tokens(self._spelled.text)
        if "+" in self._spelled.text:  # a blank, in forms and queries
            words += [SEPARATOR, *tokens(self._spelled.text.replace("+", " "))]
        for index in self._indexes:
            self._phrases(index, words)
        for datum in {
            datum for _, data, _, rule in found if rule == rules.DIGITS for datum in data
        }:
            for run in digit_run(datum.data_type, datum.value):
                self._all(_run_pattern(run), [datum])
        return self._cuts

    def _codes(self) -> None:
        """Cut codes that hold something: pieces of a path, or whole."""
        text = self._spelled.text
        for offset, code in Texts([text]).long_codes():
            pieces = [match.span() for match in _PIECE.finditer(code)] if "/" in code else []
            held = [(span, data) for span in pieces if (data := self._held(code[slice(*span)]))]
            if not held and (data := self._held(code)):
                held = [((0, len(code)), data)]
            for (start, end), data in held:
                after = text[offset + end : offset + end + 2]
                padding = len(after) - len(after.lstrip("="))
                self._cut(offset + start, offset + end + padding, data)

    def _held(self, code: str) -> list[Datum]:
        found = Content(self._indexes, everybodys=True).find(Texts([code]))
        return [datum for _, data, _, rule in found if rule in _CODED for datum in data]

    def _phrases(self, index: Index, words: Sequence[str]) -> None:
        for key in dict.fromkeys(key for _, key in index.find_phrases(words)):
            entry = index.phrases.get(key)
            if entry is not None:
                data = listed(entry)
                self._all(_phrase_pattern(key.split()), data, _longest(data))
        for _, output in index.made.find(words) if index.made else ():
            if output.evidence == semconv.COMPOSED:  # the values in it are cut, its words may stay
                continue
            pattern = _phrase_pattern(output.words)
            if output.can_be_cut:
                pattern = re.compile(_BEGINS + re.escape(output.anchor[:8]) + r"[a-z0-9]*")
            self._all(pattern, output.sources)
        folded = self._spelled.text
        for value, entry in list(index.substrings.items()) if not folded.isascii() else ():
            if value in folded:
                self._all(re.compile(re.escape(value)), listed(entry))

    def _all(
        self, pattern: re.Pattern[str], data: Iterable[Datum], whole: Sequence[str] = ()
    ) -> None:
        """Cut wherever ``pattern`` stands; and on, as far as the words of ``whole`` do."""
        text = self._spelled.text
        for match in pattern.finditer(text):
            start, end = match.span()
            for word in whole[len(tokens(match.group())) :]:
                more = re.compile(_BETWEEN + re.escape(word) + _ENDS).match(text, end)
                if more is None:
                    break
                end = more.end()
            if start < end:
                self._cut(start, end, data)

    def _cut(self, start: int, end: int, data: Iterable[Datum]) -> None:
        self._cuts.append((*self._spelled.original(start, end), self._label(data)))


def _phrase_pattern(words: Sequence[str]) -> re.Pattern[str]:
    return re.compile(_BEGINS + _BETWEEN.join(map(re.escape, words)) + _ENDS)


def _run_pattern(run: str) -> re.Pattern[str]:
    """Return what finds a number however it is separated, a dialling prefix included."""
    digits = _BETWEEN_DIGITS.join(map(re.escape, run))
    return re.compile(rf"(?<![a-z0-9])[+(]{{0,2}}0{{0,2}}{digits}(?![a-z0-9])")


def _longest(data: Iterable[Datum]) -> Sequence[str]:
    """Return the words of the longest of ``data``: of long texts the index has the first ones."""
    return max((tokens(as_text(datum.value)) for datum in data), key=len, default=[])


def _apply(text: str, cuts: list[Cut]) -> str:
    """Return ``text`` with each cut replaced; of those that overlap one, the one that begins."""
    pieces = []
    at = 0
    for start, end, label in sorted(cuts, key=lambda cut: (cut[0], -cut[1])):
        if start >= at:
            pieces += [text[at:start], label]
        at = max(at, end)
    return "".join([*pieces, text[at:]])
