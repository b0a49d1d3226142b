from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sst_otel.datatypes import (
    FieldClassifier,
    bits,
    classify_value,
    default_taxonomy,
    digest_forms,
    digit_run,
    load_taxonomy,
    plausible,
    recognise,
    renderings,
)

_POSSIBLE: list[tuple[str, list[object]]] = [
    ("email", ["ada@example.com", " Ada.L+x@Sub.Example.co.uk ", "jörg@müller.de",
               "root@localhost"]),
    ("first_name", ["Ada", "Jean-Luc", "O'Neil", "José", "María José", "李", "Anne Marie"]),
    ("last_name", ["Lovelace", "van der Berg", "D\u2019Arcy", "Müller-Lüdenscheidt"]),
    ("name", ["Ada Lovelace", "Dr. J. R. Smith Jr.", "alice", "王小明", "Doe, John", "Person 12",
    "alice2", "Ada \U0001f680"]),
    ("username", ["ada", "ada_l.99", "@ada"]),
    ("birthday", ["1990-05-17", "17.05.1990", "05/17/1990", 19900517, 1990, "1990", "May 17, 1990",
                  date(1990, 5, 17), datetime(1990, 5, 17, 3), "17 mai 1990", "05-17",
                  "1990-05-17T00:00:00Z", "Thu, 17 May 1990 00:00:00 GMT"]),
    ("age", [36, "36", 36.0, Decimal(36), "25-34", "65+"]),
    ("gender", ["f", "M", "female", "Non-Binary", "divers", "weiblich", "1"]),
    ("phone", ["+49 151 12345678", "(201) 555-1234", "0151/1234567", 2015551234,
               "+1-201-555-1234 x12",
               "tel:+12015551234"]),
    ("street_address", ["12 Main St", "Hauptstraße 5", "12a", 12]),
    ("city", ["Berlin", "St. John's", "São Paulo", "東京"]),
    ("region", ["CA", "Bavaria", "Île-de-France"]),
    ("postal_code", ["94301", "94301-1234", "SW1A 1AA", 94301, "K1A 0B1"]),
    ("country", ["DE", "deu", "Germany", "Deutschland", "NO", "United States"]),
    ("nationality", ["German", "US"]),
    ("ip_address", ["203.0.113.7", "2001:db8::1", "203.0.113.7, 10.0.0.1"]),
    ("geo_precise", [52.520008, "13.404954", "52.520008, 13.404954", Decimal("-0.1278")]),
    ("device_id", ["38400000-8cf0-11bd-b23e-10b96e40000d", "00:1B:44:11:3A:B7",
                   uuid.UUID(int=2**127)]),
    ("cookie_id", ["GA1.2.1234567890.1600000000", "fb.1.1554763741205.AbCdEf"]),
    ("user_agent", ["Mozilla/5.0 (X11; Linux x86_64)"]),
    ("user_id", [42, "42", "usr_9f8", uuid.UUID(int=7)]),
    ("pseudonym", ["d41d8cd98f00b204e9800998ecf8427e", "A" * 64]),
    ("national_id", ["078-05-1120", "QQ123456C", 78051120]),
    ("passport", ["C01X00T47", "X4RTBPFW4", "123456789"]),
    ("vehicle_plate", ["B-AB 1234", "1HGCM82633A004352"]),
    ("payment_card", ["4242 4242 4242 4242", 4242424242424242, "123", "12/29"]),
    ("bank_account", ["DE89 3704 0044 0532 0130 00", "DEUTDEFF", "0532013000"]),
    ("income", [50000, 50000.0, Decimal("50000.00"), "50,000", "$50,000.00", "50k", "1.234,56 €",
                "40000-60000", 0]),
    ("health", ["diabetes", "E11.9", "A+", 70, "70.5"]),
    ("password", ["hunter2!", 1234]),
    ("photo", ["https://cdn.example.com/a.png", b"\x89PNG"]),
    ("user_content", ["please call me tomorrow"]),
    ("language", ["de", "en-US", "zh-Hant-TW", "German", "no"]),
    ("browsing", ["https://shop.example.com/p/1", "/pricing"]),
    ("derived", [0.4, "x"]),
]  # fmt: skip
_IMPOSSIBLE: list[tuple[str, list[object]]] = [
    ("user_agent", ["okhttp/4.9.3", "browser", "/8 (X11)"]),
    ("email", ["weekly", "daily", "ada@", "@example.com", "a@b", "a b@example.com", 5,
               "write to a@b.co",
               "ada@example..com", "x" * 250 + "@example.com"]),
    ("first_name", ["config.yaml", "a@b.co", "x_y", "v1", 7, "yes"]),
    ("name", ["db-1.example.com", "main.py", "user_1", "{name}", "null", 3.5, "a" * 81]),
    ("username", ["ada@example.com", "two words", "x", 5]),
    ("birthday", ["tomorrow", date.today() + timedelta(days=2), "1850-01-01", "1990-13-40", 5,
                  "monthly",
                  2999, 1.5]),
    ("age", [-1, 121, 2000, "old", 36.5]),
    ("gender", ["electronics", "unknown", 7]),
    ("phone", ["call me", "2024-01-31", "12.05.1990", "123", "1" * 16, "0000000", "iPhone 15",
               5.5]),
    ("city", [12345, "12345", "https://x.example", "a@b.co", "x=1"]),
    ("postal_code", ["Berlin", "1", "1234567890123"]),
    ("country", ["Narnia", "XX", 49, "north"]),
    ("ip_address", ["127.0.0.1", "10.1.2.3", "192.168.0.4", "::1", "fe80::1", "localhost",
                    "1.2.3", 5]),
    ("geo_precise", ["52", 52.5, 181.1234, "here", "1,2,3"]),
    ("device_id", ["iphone", "a b c d 1 2"]),
    ("user_id", [0, -3, "two words", "none"]),
    ("pseudonym", ["abc", "z" * 64]),
    ("national_id", ["no", "pending", "12"]),
    ("payment_card", ["4242 4242 4242 4241", "visa", "12345"]),
    ("bank_account", ["DE89 3704 0044 0532 0130 01", "Savings", "12"]),
    ("income", ["high", float("nan"), float("inf"), -5, "weekly"]),
    ("health", ["yes", "no", "none"]),
    ("password", ["yes", "abc"]),
    ("user_content", ["ok", "yes"]),
    ("language", ["en_US.UTF-8", 5]),
    ("no_such_type", ["x"]),
]  # fmt: skip
_PROVEN = [
    ("ada@example.com", "email"),
    (" Ada.Lovelace+news@mail.example.co.uk", "email"),
    ("ada@example.museum", "email"),
    ("+49 151 12345678", "phone"),
    ("+4915112345678", "phone"),
    ("+1 (201) 555-1234", "phone"),
    ("(201) 555-1234", "phone"),
    ("201-555-1234", "phone"),
    ("+44 (0)20 7946 0958", "phone"),
    ("06 12 34 56 78", "phone"),
    ("4242424242424242", "payment_card"),
    ("4242 4242 4242 4242", "payment_card"),
    ("5555-5555-5555-4444", "payment_card"),
    ("3782 822463 10005", "payment_card"),
    ("6011111111111117", "payment_card"),
    ("30569309025904", "payment_card"),
    ("DE89370400440532013000", "bank_account"),
    ("GB29 NWBK 6016 1331 9268 19", "bank_account"),
    ("fr1420041010050500013m02606", "bank_account"),
]
_UNPROVEN: list[object] = [
    "", "weekly", "hello world", "1234567890", "100000001", "1700000000", "1700000000000",
    "2024-01-31", "2024-01-31T10:00:00Z", "31.01.2024", "550e8400-e29b-41d4-a716-446655440000",
    "d41d8cd98f00b204e9800998ecf8427e", "1.2.3", "10.15.7", "v2.0.1", "3.11.7-rc1",
    "192.168.100.200",
    "https://example.com/a@b", "logo@2x.png", "icon@3x.webp", "pkg@1.2.3", "git@github.com",
    "noreply@example.com", "user@host", "user@db.internal", "mail me at ada@example.com please",
    "ada@example.com, bob@example.com", "@handle", "a@b.c", "+5", "+0200", "+1.5", "+123456789",
    "-33.8688", "+33.868812345", "302-1234567-1234567", "ORD-2024-000123", "12-34-56",
    "000-00-0000",
    "4242424242424241", "1111111111111111", "0000000000000000", "9999999999999995",
    "12345678901234",
    "4242 4242 4242", "DE89370400440532013001", "XX89370400440532013000", "GB29NWBK",
    "AB1234567890",
    "report_2024.pdf", "index.html", "SGVsbG8gV29ybGQ=", "eyJhbGciOiJIUzI1NiJ9.e30.x", "#ff00aa",
    "12:34:56", "50,000.00", "$50,000", "978-3-16-148410-0", "00:1B:44:11:3A:B7", "1600x1200",
    "arn:aws:s3:::bucket", "SELECT 1", "x" * 300, 4242424242424242, 4.2, None, True,
    b"ada@example.com",
    ["ada@example.com"], {"email": "ada@example.com"},
]  # fmt: skip


@pytest.mark.parametrize(
    ("data_type", "value"), [(name, value) for name, values in _POSSIBLE for value in values]
)
def test_a_value_is_possible(data_type: str, value: object) -> None:
    assert plausible(data_type, value)


@pytest.mark.parametrize(
    ("data_type", "value"), [(name, value) for name, values in _IMPOSSIBLE for value in values]
)
def test_a_value_is_impossible(data_type: str, value: object) -> None:
    assert not plausible(data_type, value)


@pytest.mark.parametrize("data_type", sorted(default_taxonomy().types))
def test_nothing_is_a_value_of_no_type(data_type: str) -> None:
    nothing: list[object] = [None, True, False, "", "   ", b"", [], {}, ("ada@example.com",)]
    assert not [value for value in nothing if plausible(data_type, value)]


@pytest.mark.parametrize(("value", "data_type"), _PROVEN)
def test_a_value_proves_its_type(value: str, data_type: str) -> None:
    assert recognise(value) == data_type


@pytest.mark.parametrize("value", _UNPROVEN, ids=repr)
def test_a_value_proves_nothing(value: object) -> None:
    assert recognise(value) is None


@pytest.fixture(scope="module")
def classifier() -> FieldClassifier:
    return FieldClassifier(load_taxonomy())


class TestNameAndValue:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("email", "weekly"),
            ("name", ""),
            ("phone", True),
            ("city", 12345),
            ("birthday", "every year"),
            ("income", "high"),
            ("email", None),
            ("goals", "buy house"),
            ("filename", "John Smith"),
            ("title", "Ada Lovelace"),
        ],
    )
    def test_a_name_with_an_impossible_value_is_nothing(
        self, classifier: FieldClassifier, name: str, value: object
    ) -> None:
        assert classify_value(classifier, name, value) is None

    def test_a_name_and_a_possible_value(self, classifier: FieldClassifier) -> None:
        assert classify_value(classifier, "income", 50000) == "income"
        assert classify_value(classifier, "user.birthday", date(1990, 5, 17)) == "birthday"
        assert classify_value(classifier, "name", "Ada", ("email",)) == "name"

    def test_a_proven_value_needs_no_name(self, classifier: FieldClassifier) -> None:
        assert classify_value(classifier, "q", "ada@example.com") == "email"
        assert classify_value(classifier, "username", "ada@example.com") == "email"
        assert classify_value(classifier, "phone", "ada@example.com") == "email"
        assert classify_value(classifier, "user_id", "ada@example.com") == "email"
        assert classify_value(classifier, "ref", "DE89370400440532013000") == "bank_account"

    def test_the_same_word_names_a_card_or_an_indian_tax_number(
        self, classifier: FieldClassifier
    ) -> None:
        assert classify_value(classifier, "pan", "ABCPO1234K", ("first_name",)) == "tax_id"
        assert classify_value(classifier, "pan", "4111111111111111", ("name", "email")) == (
            "payment_card"
        )
        assert classify_value(classifier, "pan", "ABCXO1234K", ("first_name",)) is None

    def test_a_name_whose_check_is_strict_keeps_its_value(
        self, classifier: FieldClassifier
    ) -> None:
        assert classify_value(classifier, "fax", "+49 30 1234567") == "phone"
        assert classify_value(classifier, "name", "Ada Lovelace", (), "users") == "name"


class TestPattern:
    def test_a_field_needs_a_matching_value(self) -> None:
        spec = {"loyalty": {"fields": ["loyalty_no"], "pattern": r"^L\d{9}$"}}
        classifier = FieldClassifier(load_taxonomy(spec))
        assert classify_value(classifier, "loyalty_no", "L123456789") == "loyalty"
        assert classify_value(classifier, "loyalty_no", "none yet") is None
        assert classify_value(classifier, "other", "L123456789") is None

    def test_a_pattern_alone_recognises(self) -> None:
        taxonomy = load_taxonomy({"badge": {"pattern": r"BDG-\d{6}"}})
        assert recognise("BDG-123456", taxonomy) == "badge"
        assert recognise("see BDG-123456", taxonomy) is None

    def test_a_type_that_is_off_is_not_recognised(self) -> None:
        assert recognise("ada@example.com", load_taxonomy({"email": "off"})) is None


def test_huge_values_are_looked_at_in_part() -> None:
    huge: list[object] = [
        10**6000,
        " " * 200_000 + "x",
        "1" * 200_000,
        "a@" * 100_000,
        "word " * 50_000,
    ]
    for value in huge:
        recognise(value)
        for data_type in default_taxonomy().types:
            plausible(data_type, value)
            bits(data_type, value)
            digest_forms(data_type, value)
            digit_run(data_type, value)
            renderings(data_type, value)


@given(st.text() | st.integers() | st.floats() | st.decimals() | st.binary() | st.dates())
def test_every_check_answers_for_every_value(value: object) -> None:
    recognise(value)
    for data_type in default_taxonomy().types:
        assert plausible(data_type, value) in (True, False)


@pytest.mark.parametrize(
    ("data_type", "value"),
    [
        ("photo", "/user.png"),
        ("photo", "https://cdn.shop.example/static/default-avatar.svg?v=3"),
        ("photo", "img/no_profile_picture.jpg"),
        ("name", "Deleted User"),
        ("name", "deleted_user_42"),
        ("name", "Gelöschter Benutzer"),
        ("first_name", "Anonymous"),
        ("last_name", "N/A"),
        ("username", "anonymous-17"),
        ("email", "deleted@shop.invalid"),
        ("email", "anonymous.user.7@shop.example"),
        ("city", "unknown"),
    ],
)
def test_words_for_nobody_are_nobodys_data(data_type: str, value: str) -> None:
    assert not plausible(data_type, value)


@pytest.mark.parametrize(
    ("data_type", "value"),
    [
        ("name", "Christopher Guest"),
        ("name", "Nonya Anon-Smith"),
        ("last_name", "Guest"),
        ("email", "guest@shop.example"),
        ("email", "anonymous.keller@shop.example"),
        ("photo", "/avatars/7f3a91.png"),
        ("photo", "/avatars/user-7.png"),
        ("photo", "https://cdn.shop.example/ottoline.jpg"),
        ("username", "deleted_scenes_fan"),
        ("street_address", "1 Unknown Road"),
    ],
)
def test_people_may_be_called_alike(data_type: str, value: str) -> None:
    assert plausible(data_type, value)
