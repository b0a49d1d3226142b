"""A person whose every value is a canary, and a search for them in any bytes."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
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
    return needles_of(person.form())


def needles_of(values: Mapping[str, str]) -> dict[bytes, str]:
    """Return the same of any values by their names."""
    found: dict[bytes, str] = {}
    for name, value in values.items():
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
    yield "in JSON", json.dumps(text)[1:-1].encode()
    yield "in JSON, all escaped", "".join(f"\\u{ord(each):04x}" for each in text).encode()
    yield "in HTML", html.escape(text).encode()
    yield "in HTML, all escaped", "".join(f"&#{ord(each)};" for each in text).encode()
    yield "without marks", unicodedata.normalize("NFKD", text).encode("ascii", "ignore")
    yield "in a URL", quote(text, safe="").encode()
    yield "in a form", quote_plus(text).encode()
    yield "in hex", data.hex().encode()
    yield "in utf-16", text.encode("utf-16-le")
    for inner in dict.fromkeys((data, json.dumps(text)[1:-1].encode())):
        for shift in range(3):
            padded = b"\0" * shift + inner + b"\0" * (-(shift + len(inner)) % 3)
            for middle in (base64.b64encode(padded), base64.urlsafe_b64encode(padded)):
                # Only what these bytes alone decide: the first and last letters are also others'.
                yield "in base64", middle[4 if shift else 0 : len(middle) - 4]
    for normal in _normal_forms(text):
        for algorithm in ("md5", "sha1", "sha256", "sha512"):
            digest = hashlib.new(algorithm, normal.encode()).digest()
            yield algorithm, digest.hex().encode()
            for written in (base64.b64encode(digest), base64.urlsafe_b64encode(digest)):
                yield f"{algorithm} in base64", written.rstrip(b"=")


def _normal_forms(text: str) -> list[str]:
    """Return the forms that people hash a value in."""
    lower = text.lower()
    return list(dict.fromkeys((text, lower, text.lstrip("+"), re.sub(r"[\W_]", "", lower))))
