"""The key that seals, and the public keys that seals are checked with (Ed25519).

The private key is a PEM file of mode 0600. Beside it stands its public key as a line in the form of
signed notes (https://c2sp.org/signed-note): ``NAME+ID+base64(0x01 || key)``. A file of public keys
has a line a key, so that seals of before a rotation are still known.
"""

from __future__ import annotations

import base64
import binascii
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256  # taken before it is hooked
from pathlib import Path
from typing import TYPE_CHECKING

from sst_otel.keys import create_once

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

NAME = "sst-otel"
"""Name of every key; they differ by their ids."""
_ED25519 = b"\x01"
_PUBLIC = ".pub"


@dataclass(frozen=True, slots=True)
class Signer:
    """Holds the private key."""

    key_id: str
    """Eight hex digits."""
    public: str
    """The line of the public key."""
    _private: Ed25519PrivateKey = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        """Return the signature, 64 bytes."""
        return self._private.sign(message)


@dataclass(frozen=True, slots=True)
class Verifier:
    """Public keys by their ids."""

    keys: Mapping[str, Ed25519PublicKey]

    def knows(self, key_id: str) -> bool:
        """Whether there is a key of this id."""
        return key_id in self.keys

    def verify(self, key_id: str, signature: bytes, message: bytes) -> bool:
        """Whether the key of this id signed the message."""
        from cryptography.exceptions import InvalidSignature

        key = self.keys.get(key_id)
        if key is None:
            return False
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


def public_file(path: Path) -> Path:
    """Return where the public key of the private key at ``path`` stands."""
    return path.with_name(path.name + _PUBLIC)


def load_signer(path: Path) -> Signer:
    """Return the key at ``path``; it is made, once, where it is missing, its public key with it.

    Raises ``ValueError`` for a file that is no Ed25519 key or that others can read; ``OSError``.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519

    if not path.exists():
        made = ed25519.Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        create_once(path, made)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ValueError(f"{path}: others can read this key; chmod 600 it")
    try:
        private = serialization.load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError(f"{path}: not a private key in PEM") from None
    if not isinstance(private, ed25519.Ed25519PrivateKey):
        raise ValueError(f"{path}: not an Ed25519 key")
    raw = private.public_key().public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw
    )
    key_id = _id_of(raw)
    public = f"{NAME}+{key_id}+{base64.b64encode(_ED25519 + raw).decode()}"
    with suppress(OSError):  # a secret may be mounted where nothing can be written
        create_once(public_file(path), f"{public}\n".encode())
        os.chmod(public_file(path), 0o644)
    return Signer(key_id, public, private)


def load_verifier(path: Path) -> Verifier:
    """Return the public keys of a file; raises ``ValueError`` for other lines, ``OSError``."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    keys = {}
    for line in path.read_text("utf-8", "replace").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        try:
            name, key_id, text = line.strip().split("+", 2)
            raw = base64.b64decode(text, validate=True)
            if name != NAME or raw[:1] != _ED25519 or _id_of(raw[1:]) != key_id:
                raise ValueError
            keys[key_id] = Ed25519PublicKey.from_public_bytes(raw[1:])
        except (ValueError, binascii.Error):
            raise ValueError(f"{path}: not a public key of `sst-otel seal`") from None
    if not keys:
        raise ValueError(f"{path}: no public key in it")
    return Verifier(keys)


def _id_of(raw: bytes) -> str:
    return sha256(NAME.encode() + b"\n" + _ED25519 + raw).hexdigest()[:8]
