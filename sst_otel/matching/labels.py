"""Labels in running text: ``Biological sex: f``, ``**City**: Reading``, ``income = 50000``.

Prompts, tickets and letters are written as lines of a label and a value. What a key says of a field
the label says of what follows it. Letters about an account say in a sentence what it is called:
``your username is ann``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from sst_otel.matching.leaf import Leaf
from sst_otel.registry.identity import Mark
from sst_otel.registry.text import phrase

MAX_LABELS = 500
"""Labels that are read in one call."""
_LONGEST_TEXT = 100_000
_LONGEST = 60
_MOST_WORDS = 4
_SIGN = re.compile(r"[:=](?<=[^\W\d][:=]|[* ][:=])(?!/)[*_]{0,2} ?(?=[^\s\"\[{*_])")
"""Between a label and what it says; a key of JSON ends with a quotation mark."""
_BEFORE = re.compile(r"[\n\t|,;.!?()\[\]{}:=<>•]")
_AFTER = re.compile(r"[\n\t|,;!?()\[\]{}:=<>•]|\.(?:\s|$)| [-/] ")
_MARKUP = " *_#-\"'`>"
_ACCOUNT = re.compile(
    # The one letter first: so that the search skips to it, ten times as fast.
    r"[UuLlAa](?<!\w.)(?i:ser ?name|ser|og-?in(?: name)?|ccount)"
    r"(?:\s+(?i:is|was|of|for|named|called|linked to|associated with))?:?"
    r"\s+(?:<\w+>)?[\"'“«]?([^\W_][\w.@+-]{0,60}\w)"
)
"""What an account is called, after the word for it."""
_CALLED = "username"


def has_labels(text: str) -> bool:
    """Whether a text may have labels in it; JSON has none of its own."""
    return _SIGN.search(text) is not None or _ACCOUNT.search(text) is not None


def labelled(leaves: list[Leaf]) -> Iterator[Leaf]:
    """Yield a leaf for each value that a label stands before, in texts of several words."""
    count = 0
    marks = {leaf.text: leaf.mark for leaf in leaves if leaf.mark is not None}
    for leaf in leaves:
        if " " not in leaf.text or len(leaf.text) > _LONGEST_TEXT:
            continue
        if leaf.mark is not None and not leaf.mark.composed:
            continue
        mark = marks.get(leaf.text)
        for label, value in _pairs(leaf.text):
            if mark is not None and _is_told(mark, value):
                continue
            yield replace(
                leaf, key=label, text=value, mark=None, structured=True, folded=None, constant=None
            )
            count += 1
            if count >= MAX_LABELS:
                return


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for sign in _SIGN.finditer(text):
        before = text[max(0, sign.start() - _LONGEST) : sign.start()]
        label = _BEFORE.split(before)[-1].strip(_MARKUP)
        value = _AFTER.split(text[sign.end() : sign.end() + _LONGEST], maxsplit=1)[0]
        value = value.strip(_MARKUP)
        if value and label and len(label.split()) <= _MOST_WORDS:
            yield label, value
    for said in _ACCOUNT.finditer(text):
        yield _CALLED, said[1]


def _is_told(mark: Mark, value: str) -> bool:
    """Whether identity has told whose words these are: a colleague's, who lives in my town."""
    words = phrase(value)
    return any(phrase(str(datum.value)) == words for datum in mark.data)
