"""Digests and codes that library code makes: what is found of them later, and who notices us."""

from __future__ import annotations

import base64
import hashlib
import hmac
import inspect
import pickle
import threading
import uuid
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from itsdangerous import URLSafeTimedSerializer
from werkzeug.security import check_password_hash, generate_password_hash

import sst_otel
from sst_otel.lineage.hooks.outputs import digest_made, text_made
from sst_otel.registry.identity import marked
from tests.support import Tracking, Vendor, tracking_in

EMAIL = "ada.lovelace@example.org"
PHONE = "+49 341 5550178"
ORIGINAL = hashlib.sha256
"""As a module has it that imported it before tracking started."""


def another(text: str) -> str:
    return "".join(list(text))


@pytest.fixture
def person(tracking: Tracking) -> Iterator[None]:
    """A job about somebody whose e-mail and telephone number are known."""
    with sst_otel.scope(7):
        sst_otel.tag(another(EMAIL), "email")
        sst_otel.tag(another(PHONE), "phone")
        yield


@pytest.fixture
def tell(vendor: Vendor) -> Callable[[str], None]:
    def send(text: str) -> None:
        requests.post(f"{vendor.url}/v1", json={"key": text}, timeout=5)

    return send


def salted(text: str = EMAIL) -> bytes:
    return b"pepper-2026:" + another(text).encode()


MADE: dict[str, Callable[[], str]] = {
    "salted": lambda: hashlib.sha256(salted()).hexdigest(),
    "salted, upper case": lambda: hashlib.sha1(salted()).hexdigest().upper(),
    "cut": lambda: hashlib.sha256(another(EMAIL).encode()).hexdigest()[:12],
    "in base64": lambda: base64.b64encode(hashlib.sha512(salted()).digest()).decode(),
    "in urlsafe base64": lambda: (
        base64.urlsafe_b64encode(hashlib.sha384(salted()).digest()).decode().rstrip("=")
    ),
    "by name": lambda: hashlib.new("sha224", salted()).hexdigest(),
    "by keyword": lambda: hashlib.new(name="md5", data=salted()).hexdigest(),
    "not for security": lambda: hashlib.md5(salted(), usedforsecurity=False).hexdigest(),
    "blake2b": lambda: hashlib.blake2b(salted(), digest_size=12, key=b"secret").hexdigest(),
    "sha3": lambda: hashlib.sha3_256(salted()).hexdigest(),
    "hmac": lambda: hmac.new(b"secret", another(EMAIL).encode(), "sha256").hexdigest(),
    "hmac of a function": lambda: hmac.new(b"k", salted(), hashlib.sha256).hexdigest(),
    "hmac in one call": lambda: hmac.digest(b"k", salted(), "sha1").hex(),
    "pbkdf2": lambda: hashlib.pbkdf2_hmac("sha256", another(EMAIL).encode(), b"salt", 2).hex(),
    "scrypt": lambda: hashlib.scrypt(another(EMAIL).encode(), salt=b"s", n=2, r=1, p=1).hex(),
    "uuid5": lambda: str(uuid.uuid5(uuid.NAMESPACE_URL, "mailto:" + another(EMAIL))),
    "uuid3 without hyphens": lambda: uuid.uuid3(uuid.NAMESPACE_URL, another(EMAIL)).hex,
    "base32": lambda: base64.b32encode(another(EMAIL).encode()).decode(),
    "a digest of a digest": lambda: hashlib.sha256(
        b"s:" + hashlib.sha1(salted()).hexdigest().encode()
    ).hexdigest(),
    "checksum in hexadecimal": lambda: f"{zlib.crc32(another(EMAIL).encode()):08x}",
}


@pytest.mark.usefixtures("person")
class TestWhatIsFound:
    @pytest.mark.parametrize("made", MADE)
    def test_later_and_in_any_thread(
        self, tracking: Tracking, tell: Callable[[str], None], made: str
    ) -> None:
        text = another(MADE[made]())
        thread = threading.Thread(target=tell, args=(text,))
        thread.start()
        thread.join()
        assert [(owner, types) for _, owner, types in tracking.shares()] == [("7", ("email",))]

    def test_an_hmac_that_is_fed(self, tracking: Tracking, tell: Callable[[str], None]) -> None:
        made = hmac.new(b"secret", digestmod=hashlib.sha256)
        made.update(b"pepper ")
        made.update(another(EMAIL).encode())
        tell(made.hexdigest())
        assert [types for _, _, types in tracking.shares()] == [("email",)]

    def test_a_number_is_computed(self, tracking: Tracking, tell: Callable[[str], None]) -> None:
        tell(str(zlib.crc32(another(EMAIL).encode())))
        assert [types for _, _, types in tracking.shares()] == [("derived", "email")]

    def test_short_values_in_base64(self, tracking: Tracking, tell: Callable[[str], None]) -> None:
        sst_otel.tag(another("34155501"), "phone")
        tell(base64.b64encode(b"34155501").decode())
        assert len(tracking.shares()) == 1

    def test_a_weak_value_by_the_object_itself(
        self, tracking: Tracking, tell: Callable[[str], None]
    ) -> None:
        city = sst_otel.tag(b"Leipzig", "city")
        tell(hashlib.sha256(city).hexdigest()[:16])
        tell(hashlib.sha256(b"Leipzig ".strip() + b"!").hexdigest())
        assert [types for _, _, types in tracking.shares()] == [("city",)]

    def test_telephone_numbers_however_they_are_written(
        self, tracking: Tracking, tell: Callable[[str], None]
    ) -> None:
        tell(hashlib.sha256(b"salt 00493415550178").hexdigest())
        assert [types for _, _, types in tracking.shares()] == [("phone",)]

    def test_two_values_in_one(self, tracking: Tracking, tell: Callable[[str], None]) -> None:
        tell(hashlib.sha256(f"{EMAIL}|{PHONE}".encode()).hexdigest())
        assert [types for _, _, types in tracking.shares()] == [("email", "phone")]

    def test_the_event_says_so(self, tracking: Tracking, tell: Callable[[str], None]) -> None:
        tell(MADE["salted"]())
        (row,) = tracking.rows()
        assert row["evidence"] == ["hashed"]
        assert row["metadata"]["why"][0]["rule"] == "made"

    def test_what_others_follow_can_be_noted(
        self, tracking: Tracking, tell: Callable[[str], None]
    ) -> None:
        city = another("Leipzig")
        found = marked(sst_otel.tag(city, "city"))
        assert found is not None
        digest = ORIGINAL(b"salt Leipzig").digest()
        digest_made(found.data, digest)
        text_made(found.data, "Yrvcmvt-1")
        tell(digest.hex())
        tell("Yrvcmvt-1")
        assert [types for _, _, types in tracking.shares()] == [("city",), ("city",)]


@pytest.mark.usefixtures("person")
class TestWhatIsNot:
    @pytest.mark.parametrize(
        "text",
        [
            lambda: hashlib.sha256(b"pepper-2026:bob@example.org").hexdigest(),
            lambda: hashlib.sha256(b"pepper-2026:").hexdigest(),
            lambda: hashlib.sha256(salted()).hexdigest()[:6],
            lambda: hashlib.sha256(b"x" * 2_000 + salted()).hexdigest(),
            lambda: str(uuid.uuid5(uuid.NAMESPACE_URL, "Leipzig")),
            lambda: str(uuid.uuid4()),
            lambda: generate_password_hash("correct horse battery"),
            lambda: hashlib.sha256(b"s" + f"x{EMAIL}.au".encode()).hexdigest(),
        ],
    )
    def test_nothing_is_reported(
        self, tracking: Tracking, tell: Callable[[str], None], text: Callable[[], str]
    ) -> None:
        tell(text())
        assert tracking.shares() == []

    def test_signatures_say_nothing_of_what_they_sign(
        self, tracking: Tracking, tell: Callable[[str], None]
    ) -> None:
        token = jwt.encode({"email": EMAIL}, "secret-of-32-characters-at-least", "HS256")
        tell(token.rpartition(".")[2])
        tell(URLSafeTimedSerializer("secret").dumps({"email": EMAIL}).rpartition(".")[2])
        assert tracking.shares() == []


def test_outside_of_a_scope_nothing_is_noted(
    tracking: Tracking, tell: Callable[[str], None]
) -> None:
    sst_otel.tag(another(EMAIL), "email", owner_id=7)
    tell(hashlib.sha256(salted()).hexdigest())
    assert tracking.shares() == []


def test_hooks_can_be_switched_off(tmp_path: Path, tell: Callable[[str], None]) -> None:
    with tracking_in(tmp_path, hooks="off") as tracking, sst_otel.scope(7):
        assert hashlib.sha256 is ORIGINAL
        sst_otel.tag(another(EMAIL), "email")
        tell(hashlib.sha256(salted()).hexdigest())
        assert tracking.shares() == []


NAMES: list[tuple[Any, str]] = [
    *((hashlib, name) for name in ("md5", "sha256", "blake2b", "new", "pbkdf2_hmac", "scrypt")),
    *((hmac, name) for name in ("new", "digest")),
    *((uuid, "uuid5"), (zlib, "crc32"), (base64, "b64encode"), (base64, "b32encode")),
]
BEFORE = [getattr(module, name) for module, name in NAMES]


class TestNobodyNotices:
    @pytest.mark.parametrize("number", range(len(NAMES)), ids=lambda at: NAMES[at][1])
    def test_names_and_signatures_stay(self, tracking: Tracking, number: int) -> None:
        module, name = NAMES[number]
        ours, original = getattr(module, name), BEFORE[number]
        assert ours is not original
        for attribute in ("__name__", "__qualname__", "__module__", "__doc__"):
            assert getattr(ours, attribute) == getattr(original, attribute)
        assert inspect.signature(ours) == inspect.signature(original)
        if name != "new":  # hashlib's own cannot be pickled either
            assert pickle.loads(pickle.dumps(ours)) in (ours, original)

    def test_digest_objects_are_the_libraries_own(self, tracking: Tracking) -> None:
        assert type(hashlib.sha256()) is type(ORIGINAL())
        assert isinstance(hashlib.blake2b(), hashlib.blake2b)
        assert hashlib.blake2b.MAX_KEY_SIZE == 64
        with sst_otel.scope(7):
            made = hashlib.sha256(b"a")
            made.update(b"b")
        assert made.hexdigest() == ORIGINAL(b"ab").hexdigest()

    def test_an_attribute_of_a_class_is_no_method(self, tracking: Tracking) -> None:
        class Hasher:
            digest: Any = hashlib.sha256
            wide: Any = hashlib.blake2b
            code: Any = zlib.crc32

        assert Hasher().digest(b"x").hexdigest() == ORIGINAL(b"x").hexdigest()
        assert Hasher().wide(b"x").digest_size == 64
        assert Hasher().code(b"x") == BEFORE[9](b"x")

    def test_hmac_stays_the_quick_one(self, tracking: Tracking) -> None:
        made = hmac.new(b"k", b"x", hashlib.sha256)
        plain = hmac.new(b"k", b"x", ORIGINAL)
        inner: Any = inspect.getattr_static(hmac.HMAC, "_hmac")
        assert type(inner.__get__(made)) is type(inner.__get__(plain))
        assert made.hexdigest() == plain.hexdigest()

    @pytest.mark.parametrize(
        "call",
        [
            lambda: hashlib.sha256("text"),  # type: ignore[arg-type]
            lambda: hashlib.sha256(string=b"a", wrong=1),  # type: ignore[call-arg]
            lambda: hashlib.new("no such digest", b""),
            lambda: hashlib.pbkdf2_hmac("sha256", "text", b"", 1),  # type: ignore[arg-type]
            lambda: hmac.new(b"k", b"m"),  # type: ignore[call-overload]
            lambda: uuid.uuid5(uuid.NAMESPACE_DNS, 5),  # type: ignore[arg-type]
            lambda: zlib.crc32("text"),  # type: ignore[arg-type]
            lambda: hashlib.blake2b(b"", digest_size=99),
        ],
    )
    @pytest.mark.usefixtures("person")
    def test_exceptions_are_the_same(self, call: Callable[[], Any]) -> None:
        def raised() -> tuple[type, str, list[str]]:
            with pytest.raises((TypeError, ValueError, AttributeError)) as caught:
                call()
            return caught.type, str(caught.value), [entry.name for entry in caught.traceback]

        inside = raised()
        sst_otel.stop_tracking()
        assert inside == raised()

    def test_passwords_are_checked_as_ever(self, tracking: Tracking) -> None:
        with sst_otel.scope(7):
            stored = generate_password_hash("correct horse")
            assert check_password_hash(stored, "correct horse")
            assert not check_password_hash(stored, "wrong horse")

    def test_the_originals_are_back(self, tmp_path: Path) -> None:
        with tracking_in(tmp_path):
            kept = hashlib.sha256
            assert kept is not ORIGINAL
        assert [getattr(module, name) for module, name in NAMES] == BEFORE
        assert kept(b"x").hexdigest() == ORIGINAL(b"x").hexdigest()
