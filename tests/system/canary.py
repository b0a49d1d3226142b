"""A person whose every value is a canary, and a search for them in any bytes."""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

from tests.system.people import Person

CANARY = Person(
    first_name="Zephyrine",
    last_name="Quackenbüsch",
    email="zeph.quackenb+shop@canary-mail.example",
    phone="+4915987654321",
    birthday="1987-11-29",
    city="Hintertupfingen",
    income="73219846",
    password="correct horse battery staple",
)
_ALIKE = {"income": ("73,219,846", "73.219.846", "73 219 846"), "phone": ("15987654321",)}


def needles(person: Person = CANARY) -> dict[bytes, str]:
    """Return everything that must not be found → which value it is, in what form; lower case."""
    found: dict[bytes, str] = {}
    for name, value in person.form().items():
        for text in (value, *_ALIKE.get(name, ())):
            for form, needle in _forms(text):
                found.setdefault(needle.lower(), f"{name} {form}")
    return found


def leaks(content: bytes, sought: dict[bytes, str]) -> list[str]:
    """Return which of the canary's values stand in ``content``, in any letter case."""
    lowered = content.lower()
    return sorted(what for needle, what in sought.items() if needle in lowered)


def leaks_below(folder: Path, sought: dict[bytes, str]) -> list[str]:
    """Return the leaks in the names and contents of all files below ``folder``."""
    found = []
    for path in sorted(folder.rglob("*")):
        names = leaks(str(path.relative_to(folder)).encode(), sought)
        try:
            inside = leaks(path.read_bytes(), sought) if path.is_file() else []
        except FileNotFoundError:  # a drained journal is removed
            continue
        found += [f"{path.name}: {what}" for what in names + inside]
    return found


def _forms(text: str) -> Iterator[tuple[str, bytes]]:
    data = text.encode()
    yield "in clear", data
    yield "escaped", text.encode("unicode_escape")
    yield "without marks", unicodedata.normalize("NFKD", text).encode("ascii", "ignore")
    yield "in a URL", quote(text, safe="").encode()
    yield "in a form", quote_plus(text).encode()
    yield "in hex", data.hex().encode()
    yield "in utf-16", text.encode("utf-16-le")
    for shift in range(3):
        middle = base64.b64encode(b"\0" * shift + data + b"\0" * (-(shift + len(data)) % 3))
        # Only what these bytes alone decide: the neighbours share the first and last characters.
        yield "in base64", middle[4 if shift else 0 : len(middle) - 4]
    for normal in dict.fromkeys((text, text.lower(), text.lstrip("+"))):
        for algorithm in ("md5", "sha1", "sha256"):
            yield algorithm, hashlib.new(algorithm, normal.encode()).hexdigest().encode()
            digest = hashlib.new(algorithm, normal.encode()).digest()
            yield f"{algorithm} in base64", base64.b64encode(digest).rstrip(b"=")
