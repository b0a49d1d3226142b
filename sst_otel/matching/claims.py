"""JSON that is carried in base64: the claims of a signed token, the state of a redirect.

A token is signed, not encrypted, so whoever gets it reads the claims under their names.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any

BEGINS = "eyJ"
"""How ``{"`` begins in base64; no text without it has any."""
DOCUMENTS = (
    *("W3si", "WyJ", "ewog", "ewoJ", "ew0K", "eyAi"),  # other JSON than an object in one line
    *("H4sI", "KLUv", "eJx", "eJy", "eJz", "eJw", "eNp", "eNq", "eNr", "eNo"),  # gzip, zstd, zlib
    *("PD94", "PD9Y"),  # <?xml
    *("RnJvbTog", "VG86I", "Q29udGVudC", "TUlNRS1W", "U3ViamVj", "RGF0ZTog", "UmVjZWl2"),  # mail
    *("UEsDB",),  # a ZIP archive
)
"""How documents begin in base64."""
_CODE = re.compile(r"(?<![A-Za-z0-9_+/-])eyJ[A-Za-z0-9_+/-]{8,}")
_MOST = 100


def claims_in(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects that stand in ``text`` in base64, URL-safe or not, 100 at most."""
    for number, code in enumerate(_CODE.finditer(text)):
        if number >= _MOST:
            return
        core = code.group().replace("-", "+").replace("_", "/")
        try:
            tree = json.loads(base64.b64decode(core + "=" * (-len(core) % 4)))
        except (binascii.Error, ValueError, RecursionError):
            continue
        if isinstance(tree, dict):
            yield tree


def told_by_credentials(text: str) -> str:
    """Return what an ``Authorization`` header says: of ``Basic`` user and password, else itself."""
    scheme, _, code = text.partition(" ")
    if scheme.lower() != "basic":
        return text
    try:
        return base64.b64decode(code.strip() + "===").decode("utf-8")
    except UnicodeDecodeError:  # RFC 7617 leaves the encoding open
        return base64.b64decode(code.strip() + "===").decode("latin-1")
    except ValueError:
        return ""


def document_in(text: str) -> bytes:
    """Return the bytes that a text is the base64 of, lines or not; empty where it is not."""
    core = "".join(text.split()).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(core + "=" * (-len(core) % 4), validate=True)
    except ValueError:
        return b""
