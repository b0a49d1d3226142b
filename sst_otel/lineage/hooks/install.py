"""Which functions are hooked, and putting the stand-ins in their places."""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import hmac
import logging
import uuid
import zlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from sst_otel.guard import guard
from sst_otel.lineage.functions import FUNCTIONS, resolve
from sst_otel.lineage.hooks import messages, outputs, templates
from sst_otel.lineage.hooks.wrapping import Looked, stand_in
from sst_otel.patching import Patches
from sst_otel.registry.registry import Registry
from sst_otel.scope import PROCESS, current_scope
from sst_otel.tracebacks import drop_own_entry

_PLACE = "hooks"
_DIGESTS = (
    *("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake2s"),
    *("sha3_224", "sha3_256", "sha3_384", "sha3_512"),
)
_SHORT = 11
"""Bytes whose base64 is shorter than what the matcher decodes by itself."""


def install(registry: Registry) -> Patches:
    """Put the stand-ins in their places; outputs are noted in ``registry``."""
    patches = Patches(_PLACE)
    outputs.registry = registry
    patches.on_undo(functools.partial(setattr, outputs, "registry", None))
    for module, name, looked in _hooked():
        original = getattr(module, name, None)
        if original is not None:  # b32hexencode and some digests depend on version and build
            with guard(_PLACE):
                _replace(patches, module, name, original, stand_in(original, looked))
    _replace(patches, logging.LogRecord, "getMessage", messages.ORIGINAL, messages.get_message)
    for kind, name, original, ours in templates.HOOKED:
        _replace(patches, kind, name, original, ours)
    update = hmac.HMAC.update
    _replace(patches, hmac.HMAC, "update", update, _feeding(update))
    return patches


def _hooked() -> Iterator[tuple[ModuleType, str, Looked]]:
    made = outputs.note_digest_object
    for name in _DIGESTS:
        yield hashlib, name, Looked(0, "data", made)
    yield hashlib, "new", Looked(1, "data", made)
    yield hashlib, "pbkdf2_hmac", Looked(1, "password", outputs.note_digest)
    yield hashlib, "scrypt", Looked(0, "password", outputs.note_digest)
    yield hmac, "new", Looked(1, "msg", made)
    yield hmac, "digest", Looked(1, "msg", outputs.note_digest)
    for name in ("uuid3", "uuid5"):
        yield uuid, name, Looked(1, "name", outputs.note_uuid)
    for module, name in ((zlib, "crc32"), (zlib, "adler32"), (binascii, "crc32")):
        yield module, name, Looked(0, "", outputs.note_checksum(name))
    for name in ("b64encode", "standard_b64encode", "urlsafe_b64encode"):
        yield base64, name, Looked(0, "s", outputs.note_code, _SHORT)
    for name in ("b32encode", "b32hexencode"):
        yield base64, name, Looked(0, "s", outputs.note_code)


def _replace(patches: Patches, holder: Any, name: str, original: Any, ours: Any) -> None:
    setattr(holder, name, ours)
    known = resolve(original)
    if known is not None:
        FUNCTIONS[id(ours)] = known[0]  # rewritten modules follow the stand-in as the original
    patches.installed.append(f"{getattr(holder, '__module__', holder.__name__)}:{name}")

    def restore() -> None:
        if vars(holder).get(name) is ours:
            setattr(holder, name, original)

    patches.on_undo(restore)


@functools.lru_cache(maxsize=4)
def _feeding(original: Any) -> Any:
    """Return what to put in the place of ``HMAC.update``, a method in Python."""

    @functools.wraps(original)
    def update(self: Any, msg: Any) -> None:
        try:
            original(self, msg)
        except BaseException as error:
            drop_own_entry(error)
            raise
        scope = current_scope()
        if scope is not PROCESS and scope.live:
            looked.settle((msg,), {}, self)

    looked = Looked(0, "msg", outputs.note_digest_object)
    return update
