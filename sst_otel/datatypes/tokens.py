"""Field names as words: ``billing[firstName]`` is ``billing`` and ``first name``."""

from __future__ import annotations

import re
import unicodedata

_SEGMENTS = re.compile(r"[.\[\]/:>]+")
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_A-Za-z]+")
_PLACEHOLDER = re.compile(r"<[^<>]*>|\{[^{}]*\}")
_LONGEST = 240


def segments(path: str) -> list[list[str]]:
    """Return the words of each segment of a path, lower case and without accents.

    Segments are separated by dots, brackets, slashes and colons; list indexes and empty
    segments are dropped. ``users[0].eMail`` gives ``[["users"], ["e", "mail"]]``.
    """
    found = []
    for segment in _SEGMENTS.split(_plain(path[-_LONGEST:])):
        words = split_words(segment)
        if words and not (len(words) == 1 and words[0].isdecimal()):
            found.append(words)
    return found


def context_words(context: str) -> list[str]:
    """Return the words of a form's, table's, model's or route's name; placeholders dropped."""
    return [word for words in segments(_PLACEHOLDER.sub("", context)) for word in words]


def split_words(text: str) -> list[str]:
    """Return the words of one name without accents: camel case, digits and separators split."""
    if text.islower() and text.isascii() and text.isalpha():
        return [text]
    return [word.casefold() for word in _WORDS.findall(text)]


def phrase_words(phrase: str) -> tuple[str, ...]:
    """Return a phrase of the taxonomy as words, by the same rules as a field name."""
    return tuple(word for part in _plain(phrase).split() for word in split_words(part))


def singular_candidates(word: str) -> tuple[str, ...]:
    """Return what an English plural may be the plural of, likeliest first."""
    if len(word) < 4 or not word.endswith("s"):
        return ()
    if word.endswith("ies"):
        return (word[:-3] + "y", word[:-1])
    if word.endswith("es"):
        return (word[:-1], word[:-2])
    return (word[:-1],)


def _plain(text: str) -> str:
    """Drop accents; German sharp s becomes ss, as people write it in names."""
    if text.isascii():
        return text
    text = text.replace("ß", "ss").replace("ẞ", "SS")
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char))
