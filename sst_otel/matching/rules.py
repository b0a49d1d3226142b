"""Why a datum counts as shared: the names of the rules, and each in one sentence for people.

The matcher notes a name, a constant; sentences are made of it by who reads an event later
(``sst-otel explain``, the pages, :mod:`sst_otel.testing`).
"""

from __future__ import annotations

IDENTITY = "identity"
CONVERTED = "converted"
COMPOSED = "composed"
COMPUTED = "computed"
OPERAND = "operand"
PHRASE = "phrase"
SCRIPT = "script"
DIGITS = "digits"
DECODED = "decoded"
DIGEST = "digest"
MADE = "made"
STORED = "stored"
KEY = "key"
KEY_DIGEST = "key_digest"
BESIDE = "beside"
TOGETHER = "together"

SENTENCES = {
    IDENTITY: "this very value was followed through the program to the call",
    CONVERTED: "the program encoded or hashed it, and handed the result to the call",
    COMPOSED: "it is part of a longer text that the program put together",
    COMPUTED: "it was computed from personal data of this person",
    OPERAND: "a value computed from it was shared",
    PHRASE: "its text stands in the payload, word for word",
    SCRIPT: "its text stands in the payload, in a script without word boundaries",
    DIGITS: "its digits stand in the payload, however they are separated there",
    DECODED: "it stands in the payload once a base64 or hexadecimal text is decoded",
    DIGEST: "the payload holds a digest (MD5, SHA-1, SHA-256) of a normal form of it",
    MADE: "the payload holds a digest or a code that was made of it while the program ran",
    STORED: "it is part of a text that the program put together, stored, and read again",
    KEY: "the payload has this value under a key that names this type of data",
    KEY_DIGEST: "the payload has a digest of it under a key that names this type of data",
    BESIDE: "it stands beside a value that is certainly this person's, in the same object",
    TOGETHER: "several values of this person stand together in the same object",
}
"""What each rule says of a datum. A rule not listed is shown by its name."""

NAMED = frozenset({KEY, KEY_DIGEST})
"""Rules in which the payload's key is the reason."""
BY_OBJECT = frozenset({IDENTITY, CONVERTED, COMPOSED, COMPUTED, OPERAND, MADE, STORED})
"""Rules that follow what is made of what, so that the value need not be rare."""
BY_CONTENT = frozenset({PHRASE, SCRIPT, DIGITS, DECODED, DIGEST})
"""Rules that look at the text alone, so that the value must be rare (``STRONG_BITS``)."""
BY_COMPANY = frozenset({BESIDE, TOGETHER})
"""Rules that need a second value nearby, and a value of some rarity (``WEAK_BITS``)."""
