"""Assertions about shares, and what their failures say."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from sqlalchemy import create_engine, text

import sst_otel
from sst_otel import guard
from sst_otel.testing import Shares, assert_no_shares, assert_shares, tracking
from tests.support import Vendor
from tests.testing.conftest import EMAIL, INCOME


def send(vendor: Vendor, path: str, **payload: Any) -> None:
    requests.post(f"{vendor.url}/{path}", json=payload, timeout=5)


@pytest.fixture
def shares(vendor: Vendor) -> Iterator[Shares]:
    """Shares of 7 (e-mail, twice to /contacts) and of 8 (e-mail to /orders)."""
    with tracking() as shares:
        seven = sst_otel.tag(EMAIL, "email", owner_id=7)
        eight = sst_otel.tag("bo.quartzman@example.org", "email", owner_id=8)
        send(vendor, "contacts", email=seven)
        send(vendor, "contacts", email=seven)
        send(vendor, "orders", email=eight)
        yield shares


EVERYTHING: list[Any] = [
    (7, "POST 127.0.0.1/contacts", {"email"}),
    ("7", "*/CONTACTS", ["email"]),
    ("*", "127.0.0.*", "email"),
]


class TestExactly:
    def test_each_share_as_often_as_it_is_listed(self, shares: Shares) -> None:
        assert_shares(shares, EVERYTHING)
        assert_shares(None, EVERYTHING)
        for wrong in (EVERYTHING[:2], [*EVERYTHING, EVERYTHING[0]], []):
            with pytest.raises(AssertionError):
                assert_shares(shares, wrong)

    def test_a_wide_pattern_leaves_the_narrow_ones_theirs(self, shares: Shares) -> None:
        wide = ("*", "*", {"email"})
        assert_shares(shares, [wide, wide, ("8", "*/orders", {"email"})])
        assert_shares(shares, [wide, (8, "*", {"email"}), wide])
        with pytest.raises(AssertionError):
            assert_shares(shares, [(8, "*", {"email"}), (8, "*/orders", {"email"}), wide])

    @pytest.mark.parametrize(
        "wrong",
        [
            (9, "*/orders", {"email"}),
            (None, "*/orders", {"email"}),
            (8, "127.0.0", {"email"}),
            (8, "POST 127.0.0.1/", {"email"}),
            (8, "*/orders", {"email", "name"}),
            (8, "*/orders", set()),
        ],
    )
    def test_who_to_whom_and_what_must_all_be_right(self, wrong: Any, shares: Shares) -> None:
        with pytest.raises(AssertionError):
            assert_shares(shares, [*EVERYTHING[:2], wrong])

    def test_a_visitor_is_nobody_known(self, client: Any, vendor: Vendor) -> None:
        with tracking() as shares:
            client.post(f"/sign-up?to={vendor.url}", data={"email": EMAIL})
            assert_shares(shares, [(None, "127.0.0.1", {"email"})])
            with pytest.raises(AssertionError):
                assert_shares(shares, [("7", "127.0.0.1", {"email"})])

    def test_otherwise_others_may_be_there(self, shares: Shares) -> None:
        assert_shares(shares, [(8, "*/orders", {"email"})], exactly=False)
        assert_shares(shares, [(8, "*/orders", {"email"})] * 2, exactly=False)
        assert_shares(shares, [], exactly=False)
        with pytest.raises(AssertionError):
            assert_shares(shares, [(8, "*/contacts", {"email"})], exactly=False)


class TestNoShares:
    def test_of_somebody_to_somebody_of_some_type(self, shares: Shares) -> None:
        assert_no_shares(shares, to="*facebook*")
        assert_no_shares(shares, owner=8, to="*/contacts")
        assert_no_shares(shares, types={"income"})
        assert_no_shares(owner="9")
        for banned in ({}, {"owner": 7}, {"to": "*/orders"}, {"types": {"email", "income"}}):
            with pytest.raises(AssertionError):
                assert_no_shares(shares, **banned)


def test_the_applications_own_database_counts_where_asked() -> None:
    with tracking() as shares:
        engine = create_engine("sqlite://")
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE users (email TEXT)"))
            email = sst_otel.tag(EMAIL, "email", owner_id=7)
            connection.execute(text("INSERT INTO users (email) VALUES (:email)"), {"email": email})
        engine.dispose()
        assert_shares(shares, [])
        assert_no_shares(shares)
        assert_shares(shares, [(7, "own database", {"email"})], databases=True)
        with pytest.raises(AssertionError):
            assert_no_shares(shares, databases=True)


def test_what_happens_in_the_background_is_waited_for(vendor: Vendor) -> None:
    asked = threading.Event()

    def later(email: str) -> None:
        asked.wait(10)
        send(vendor, "contacts", email=email)

    class Watched(list[Any]):
        def __iter__(self) -> Iterator[Any]:
            asked.set()  # the assertion has begun
            return super().__iter__()

    with tracking() as shares:
        thread = threading.Thread(target=later, args=(sst_otel.tag(EMAIL, "email", owner_id=7),))
        thread.start()
        assert_shares(shares, Watched([(7, "*/contacts", {"email"})]), timeout=30)
        thread.join()


class TestMessages:
    def test_what_whose_to_whom_and_why_but_no_value(self, vendor: Vendor) -> None:
        with tracking() as shares:
            email = sst_otel.tag(EMAIL, "email", owner_id=7)
            income = sst_otel.tag(INCOME, "income", owner_id=7)
            send(vendor, "contacts", contact={"email": email, "inc": income})
            with pytest.raises(AssertionError) as failure:
                assert_shares(shares, [(8, "*/orders", {"email", "income"})])
        said = str(failure.value)
        assert said.startswith("1 shared that should not be, 1 not shared that should be\n")
        assert (
            "Shared, not expected:\n  email, income of 7 to POST 127.0.0.1/contacts\n    at "
            in said
        )
        assert "in send\n    email in json.contact.email: this very value was followed" in said
        assert "Expected, not shared:\n  email, income of 8 to */orders" in said
        assert EMAIL not in said
        assert INCOME not in said

    def test_what_is_right_is_told_from_what_is_missing(self, shares: Shares) -> None:
        with pytest.raises(AssertionError) as failure:
            assert_shares(shares, [*EVERYTHING, (None, "Groq", {"name"})])
        said = str(failure.value)
        assert "  name of somebody not known to Groq" in said
        assert said.count("  email of 7 to POST 127.0.0.1/contacts") == 2

    def test_failures_of_ours_are_said(self) -> None:
        with tracking() as shares:
            guard.count_error("sink.of.tests", "KeyError")
            assert shares.failures == {"sink.of.tests": 1}
            with pytest.raises(AssertionError, match=r"failed 1 times at sink\.of\.tests"):
                assert_shares(shares, [(7, "*", {"email"})])
        guard.reset()

    def test_modules_that_are_not_followed_are_said(self) -> None:
        with tracking() as shares, pytest.raises(AssertionError) as failure:
            assert_shares(shares, [(7, "*", {"derived"})])
        assert "is not followed; see sst_otel.testing.follow()" in str(failure.value)


def test_wrong_use_is_no_failed_test(shares: Shares) -> None:
    with pytest.raises(ValueError, match="no data type 'emial'"):
        assert_shares(shares, [(7, "*", {"emial"})])
    with pytest.raises(ValueError, match="no data type"):
        assert_no_shares(shares, types={"emial"})


def test_outside_of_a_block_there_are_no_shares() -> None:
    with pytest.raises(RuntimeError, match="nothing is tracked"):
        assert_shares(None, [])
