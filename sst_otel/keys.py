"""The installation's key: read, or created once by whichever worker comes first.

The key mints owner refs and tag ids (:mod:`sst_otel.tags`) and seals owner ids. Losing it makes the
log unreadable by owner id; leaking it lets its holder test guesses. Hence 0600 and no log line.
"""

from __future__ import annotations

import base64
import contextlib
import os
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256  # it and the next are taken before they are hooked
from hmac import new as hmac_new
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES = 32


@dataclass(frozen=True)
class Keys:
    """The secret and what is derived from it."""

    secret: bytes = field(repr=False)

    @cached_property
    def key_id(self) -> str:
        """Return a short public name of the key, so that rows tell which key minted them."""
        return self._derive(b"key-id").hex()[:12]

    def seal(self, owner_id: str) -> str:
        """Encrypt an owner id with AES-256-GCM; base64url of nonce and ciphertext.

        Deterministic per owner (the nonce is a MAC of the id, as in SIV modes), so that equal
        owners seal equally and workers need no shared nonce counter.
        """
        plain = owner_id.encode("utf-8", "surrogatepass")
        nonce = hmac_new(self._nonce_key, plain, sha256).digest()[:12]
        ciphertext = self._cipher.encrypt(nonce, plain, b"sst.owner")
        return base64.urlsafe_b64encode(nonce + ciphertext).decode().rstrip("=")

    def unseal(self, sealed: str) -> str | None:
        """Return the owner id of :meth:`seal`, or None when it was sealed under another key."""
        from cryptography.exceptions import InvalidTag

        try:
            raw = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
            plain = self._cipher.decrypt(raw[:12], raw[12:], b"sst.owner")
            return plain.decode("utf-8", "surrogatepass")
        except (InvalidTag, ValueError):
            return None

    def derived(self, purpose: str) -> bytes:
        """Return a key of its own for ``purpose``; 32 bytes."""
        return self._derive(b"derived:" + purpose.encode())

    def sign(self, purpose: str, message: str) -> str:
        """Return a hex MAC of ``message`` under a key derived for ``purpose``."""
        key = self._derive(b"sign:" + purpose.encode())
        return hmac_new(key, message.encode(), sha256).hexdigest()

    @cached_property
    def _cipher(self) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # 30 ms: on first use

        return AESGCM(self._derive(b"seal"))

    @cached_property
    def _nonce_key(self) -> bytes:
        return self._derive(b"seal-nonce")

    def _derive(self, label: bytes) -> bytes:
        return hmac_new(self.secret, b"sst_otel/1/" + label, sha256).digest()


def load_keys(secret: str | None, path: Path) -> Keys:
    """Return the keys from ``secret`` (SST_KEY) or the key file, creating the file if missing.

    Raises ``ValueError`` for a key that is too short, ``OSError`` where the file cannot be read or
    created.
    """
    if secret is not None:
        return Keys(_checked(secret.encode(), "SST_KEY"))
    try:
        return Keys(_checked(path.read_bytes().strip(), str(path)))
    except FileNotFoundError:
        return Keys(_create(path))


def _checked(secret: bytes, where: str) -> bytes:
    if len(secret) < 16:
        raise ValueError(f"{where}: a key needs at least 16 characters")
    return secret


def _create(path: Path) -> bytes:
    create_once(path, base64.urlsafe_b64encode(os.urandom(_KEY_BYTES)))
    return _checked(path.read_bytes().strip(), str(path))


def create_once(path: Path, content: bytes) -> None:
    """Create a file of mode 0600 atomically, unless it is there; raises ``OSError``.

    It is written aside, then linked: the first link wins, and nobody reads half of it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".sst-key-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:  # mkstemp gives 0600
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)
