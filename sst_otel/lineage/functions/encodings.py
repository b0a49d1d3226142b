"""Encodings, compression and digests: the data are in the result, where nobody can read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sst_otel.lineage import carriers, marks
from sst_otel.lineage.functions.rules import (
    Follow,
    aggregates,
    by_result,
    carries,
    decodes,
    encodes,
)
from sst_otel.lineage.scanning import scan_all
from sst_otel.registry.identity import marked

_BASE64 = ("b16", "b32", "b32hex", "b64", "a85", "b85", "z85", "standard_b64", "urlsafe_b64")
_ENCODE = {f"{name}encode": encodes() for name in _BASE64}
_DECODE = {f"{name}decode": decodes for name in _BASE64}
_COMPRESS: dict[str, Follow] = {"compress": encodes(), "decompress": decodes}
_hashed = encodes(marks.HASHED)


def digest_made(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``hashlib.sha256(x)``, ``hmac.new(key, x, …)``: the object holds what was fed to it."""
    sources = scan_all((*args, *kwargs.values()))
    if sources and carriers.is_carrier(type(result)):
        carriers.hold(result, marks.data_of(sources), len(sources) > 1, marks.HASHED)


def _fed(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``digest.update(x)``."""
    digest_made(args[0], args[1:], kwargs)


def _taken(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``digest.hexdigest()``, ``digest.copy()``."""
    source = marked(args[0])
    if source is None:
        return
    if type(result) in marks.TEXTS:
        marks.keep(result, source.data, source.composed, marks.HASHED)
    elif type(result) is type(args[0]):
        carriers.hold(result, source.data, source.composed, marks.HASHED)


DIGEST: dict[str, Follow] = {
    "update": _fed,
    **dict.fromkeys(("digest", "hexdigest", "copy"), _taken),
}
"""Methods of digest objects, whatever their class is called."""
_ALGORITHMS = (
    *("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake2s"),
    *("sha3_224", "sha3_256", "sha3_384", "sha3_512", "shake_128", "shake_256", "new"),
)
_HASHLIB: dict[str, Follow] = {
    **dict.fromkeys(_ALGORITHMS, digest_made),
    **dict.fromkeys((f"openssl_{name}" for name in _ALGORITHMS), digest_made),
    "__hash_new": digest_made,
    **dict.fromkeys(("pbkdf2_hmac", "scrypt"), _hashed),
}
RULES: dict[str, dict[str, Follow]] = {
    "hashlib": _HASHLIB,
    "hmac": {"new": digest_made, "digest": _hashed, "HMAC": digest_made},
    "uuid": dict.fromkeys(("uuid3", "uuid5"), _hashed),
    "zlib": {**_COMPRESS, **{name: aggregates(name) for name in ("crc32", "adler32")}},
    "binascii": {
        **dict.fromkeys(("hexlify", "b2a_hex", "b2a_base64", "b2a_qp", "b2a_uu"), encodes()),
        **dict.fromkeys(("unhexlify", "a2b_hex", "a2b_base64", "a2b_qp", "a2b_uu"), decodes),
        **{name: aggregates(name) for name in ("crc32", "crc_hqx")},
    },
    "base64": {
        **_ENCODE,
        **_DECODE,
        "encodebytes": encodes(),
        "decodebytes": decodes,
    },
    "gzip": _COMPRESS,
    "bz2": _COMPRESS,
    "lzma": _COMPRESS,
    "quopri": {"encodestring": encodes(), "decodestring": decodes},
    "codecs": {"encode": carries("encode"), "decode": carries("decode")},
    "struct": {"pack": encodes(), "unpack": by_result("unpack", computed=True)},
    "punycode": {},
}
for _module in ("_hashlib", "_md5", "_sha1", "_sha2", "_sha256", "_sha512", "_sha3", "_blake2"):
    RULES[_module] = _HASHLIB
METHODS: dict[str, dict[str, Follow]] = {"hmac.HMAC": DIGEST}
CLASS_METHODS: dict[type, dict[str, Follow]] = {
    bytes: {"fromhex": decodes},
    bytearray: {"fromhex": decodes},
    str: {},
    int: {"from_bytes": by_result("from_bytes")},
}
