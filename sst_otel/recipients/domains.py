"""The domain that somebody has registered, of a host that the register does not know.

Read when somebody asks for it (a command, a page), never in the application's own calls.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from pathlib import Path

_FILE = Path(__file__).with_name("public_suffixes.txt")


@lru_cache(maxsize=4096)
def registrable_domain(host: str) -> str:
    """Return ``shop.co.uk`` of ``www.shop.co.uk``: the part that one organisation answers for.

    By the rules of the Public Suffix List, hosting platforms included, so that ``a.github.io`` is
    not GitHub's. Addresses, names of one label and public suffixes themselves come back as they
    are, in lower case and without a dot at the end; names beyond ASCII in their ASCII form.
    """
    name = _ascii(host.strip().lower().rstrip("."))
    labels = name.split(".")
    if len(labels) < 3 or _is_address(name):
        return name
    return ".".join(labels[-_suffix_size(labels) - 1 :])


def _suffix_size(labels: list[str]) -> int:
    """Return how many labels the public suffix has; the longest rule counts, an exception more."""
    rules = _rules()
    for start in range(len(labels) - 1):
        firsts = rules.get(".".join(labels[start + 1 :]))
        if firsts is None:
            continue
        if "!" + labels[start] in firsts:
            return len(labels) - start - 1
        if labels[start] in firsts or "*" in firsts:
            return len(labels) - start
    return 1


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _ascii(name: str) -> str:
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


@lru_cache(maxsize=1)
def _rules() -> dict[str, frozenset[str]]:
    """Return what follows the first label of a rule → the first labels."""
    rules: dict[str, frozenset[str]] = {}
    for line in _FILE.read_text(encoding="ascii").splitlines():
        if not line.startswith("#"):
            rest, *firsts = line.split(" ")
            rules[rest] = rules.get(rest, frozenset()).union(firsts)
    return rules
