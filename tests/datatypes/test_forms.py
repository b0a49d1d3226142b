from __future__ import annotations

import hashlib
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sst_otel.datatypes import (
    default_taxonomy,
    digest_forms,
    digit_run,
    load_taxonomy,
    normalise,
    renderings,
)

_SAME: list[tuple[str, list[object], str]] = [
    ("email", ["Ada@Example.com", " ada@example.com\n", "mailto:ada@example.com"],
               "ada@example.com"),
    ("phone", ["+49 151 123 45678", "0049-151-12345678", "+49 (0)151 12345678", "4915112345678",
               "tel:+4915112345678", 4915112345678, "+49 151 12345678 ext. 9"], "4915112345678"),
    ("birthday", ["1990-05-17", date(1990, 5, 17), datetime(1990, 5, 17, 12), "17.05.1990",
                  "17.5.1990",
                  "05/17/1990", "17/05/1990", "17-05-1990", 19900517, "19900517", "May 17, 1990",
                  "17 May 1990", "17. Mai 1990", "17 de mayo de 1990", "17th May 1990",
                  "1990/05/17",
                  "1990-05-17T00:00:00", "1990-05-17 00:00:00+00:00",
                  "Thu, 17 May 1990 00:00:00 GMT"], "1990-05-17"),
    ("income", [50000, 50000.0, Decimal("50000.00"), "50000", "50,000", "50.000", "50 000",
                "50'000",
                "50\u00a0000", "$50,000.00", "50.000,00 €", "EUR 50000", "50k", "50000.00"],
     "50000"),
    ("income", [1234.5, "1234.50", "1,234.50", "1.234,50", "1234,5", Decimal("1234.500")],
                "1234.5"),
    ("income", ["12,34,567"], "1234567"),
    ("name", ["Ada  Lovelace", "ADA LOVELACE", "\uff21da Lovelace", "ada\tlovelace"],
              "ada lovelace"),
    ("first_name", ["Zoë", "ZOE\u0308"], "zoë"),
    ("last_name", ["Strauß", "STRAUSS"], "strauss"),
    ("country", ["DE", "deu", "Germany", " deutschland "], "de"),
    ("gender", ["F", "female", "Weiblich"], "f"),
    ("postal_code", ["SW1A 1AA", "sw1a1aa"], "sw1a1aa"),
    ("payment_card", ["4242 4242 4242 4242", "4242-4242-4242-4242", 4242424242424242], "4242" * 4),
    ("bank_account", ["DE89 3704 0044 0532 0130 00", "de89370400440532013000"],
     "de89370400440532013000"),
    ("ip_address", ["2001:DB8:0:0::1", "2001:db8::1"], "2001:db8::1"),
    ("user_id", [42, "42", Decimal(42)], "42"),
    ("password", ["Hunter 2"], "Hunter 2"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data_type", "value", "form"),
    [(name, value, form) for name, values, form in _SAME for value in values],
)
def test_one_datum_has_one_form(data_type: str, value: object, form: str) -> None:
    assert normalise(data_type, value) == form


_TYPES = st.sampled_from(sorted(default_taxonomy().types))
_VALUES = st.text() | st.integers() | st.floats() | st.decimals() | st.dates() | st.datetimes()


@given(_TYPES, _VALUES)
def test_the_normal_form_is_its_own(data_type: str, value: object) -> None:
    form = normalise(data_type, value)
    assert normalise(data_type, form) == form


@given(_TYPES, _VALUES)
def test_every_value_has_forms(data_type: str, value: object) -> None:
    for forms in (renderings(data_type, value), digest_forms(data_type, value)):
        assert len(set(forms)) == len(forms)
        assert len(forms) <= 24
        assert all(isinstance(form, str) and form for form in forms)
        assert not forms or forms[0] == str(value)
    assert all(len(run) >= 7 for run in digit_run(data_type, value))


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2030, 1, 1)))
def test_a_date_is_known_again_in_every_rendering(day: date) -> None:
    forms = renderings("birthday", day)
    ambiguous = f"{day.day:02d}/{day.month:02d}/{day.year}" if day.day <= 12 else ""
    assert {normalise("birthday", form) for form in forms if form != ambiguous} == {day.isoformat()}


@given(st.integers(min_value=0, max_value=10**12))
def test_a_whole_amount_is_known_again_in_every_rendering(amount: int) -> None:
    forms = renderings("income", amount)
    assert {normalise("income", form) for form in forms} == {str(amount)}


@given(st.integers(min_value=0, max_value=10**10))
def test_cents_are_known_again_in_every_rendering(cents: int) -> None:
    amount = Decimal(cents) / 100
    forms = renderings("income", amount)
    assert len({normalise("income", form) for form in forms}) == 1


@given(st.integers(min_value=-(10**12), max_value=10**12))
def test_the_type_of_a_number_does_not_matter(number: int) -> None:
    forms = {
        normalise("income", value)
        for value in (number, float(number), Decimal(number), str(number), f"{number}.00")
    }
    assert forms == {str(number)}


def test_numbers_too_long_to_write_are_harmless() -> None:
    for value in (10**5000, Decimal("1e1000000"), Decimal("-1e-1000000"), float("inf")):
        assert len(normalise("income", value)) < 5000
        assert renderings("income", value)


class TestRenderings:
    def test_dates(self) -> None:
        forms = renderings("birthday", "17.05.1990")
        assert forms[0] == "17.05.1990"
        assert {"1990-05-17", "19900517", "05/17/1990", "17/05/1990", "17 May 1990", "May 17, 1990",
                "1990-05-17T00:00:00"} <= set(forms)  # fmt: skip

    def test_money(self) -> None:
        assert renderings("income", 50000) == (
            "50000", "50,000", "50.000", "50 000", "50000.0", "50000.00", "50,000.00", "50.000,00",
        )  # fmt: skip
        assert renderings("income", "1234.5")[:3] == ("1234.5", "1234.50", "1,234.50")

    def test_names(self) -> None:
        assert renderings("name", "John Doe") == ("John Doe", "Doe, John")
        assert renderings("name", "Doe, John") == ("Doe, John", "John Doe")
        assert renderings("name", "Cher") == ("Cher",)

    def test_phones_have_none(self) -> None:
        assert renderings("phone", "+49 151 12345678") == ("+49 151 12345678",)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class TestDigestForms:
    """What vendors' documents say is hashed."""

    @pytest.mark.parametrize(
        ("data_type", "value", "hashed"),
        [
            ("email", " Ada.Lovelace+news@GMail.com ", "ada.lovelace+news@gmail.com"),
            ("email", "Ada.Lovelace+news@gmail.com", "adalovelace@gmail.com"),
            ("email", "Ada.Lovelace@googlemail.com", "adalovelace@googlemail.com"),
            ("email", "ada.l+x@example.com", "adal@example.com"),
            ("phone", "+1 (201) 555-1234", "12015551234"),
            ("phone", "+1 (201) 555-1234", "+12015551234"),
            ("phone", "0151 12345678", "15112345678"),
            ("first_name", "Mary-Ann ", "maryann"),
            ("first_name", "Mary Ann", "maryann"),
            ("last_name", "O'Neil", "oneil"),
            ("last_name", "Lovelace", "lovelace"),
            ("first_name", "Zoë", "zoe"),
            ("birthday", "05/17/1990", "19900517"),
            ("birthday", date(1990, 5, 17), "1990-05-17"),
            ("gender", "Female", "f"),
            ("city", "New York", "newyork"),
            ("region", "California", "ca"),
            ("region", "CA", "ca"),
            ("postal_code", "94301-1234", "94301"),
            ("postal_code", "SW1A 1AA", "sw1a1aa"),
            ("country", "Germany", "de"),
            ("country", "US", "us"),
            ("user_id", "User-42", "user-42"),
            ("street_address", "1 Main St.", "1mainst"),
        ],
    )
    def test_of_a_vendor(self, data_type: str, value: object, hashed: str) -> None:
        assert hashed in digest_forms(data_type, value)

    def test_metas_own_examples(self) -> None:
        # Customer information parameters: john_smith@gmail.com, phone 16505551212, zip 94035
        mail = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"
        phone = "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176"
        assert mail in map(_sha256, digest_forms("email", "John_Smith@gmail.com "))
        assert phone in map(_sha256, digest_forms("phone", "+1 650-555-1212"))

    def test_mailchimps_member_id(self) -> None:
        member = hashlib.md5(b"ada@example.com").hexdigest()
        forms = digest_forms("email", "Ada@Example.com")
        assert member in [hashlib.md5(form.encode()).hexdigest() for form in forms]


class TestDigitRun:
    @pytest.mark.parametrize(
        ("data_type", "value", "runs"),
        [
            ("phone", "+49 151 12345678", ("4915112345678", "15112345678")),
            ("phone", "0151 12345678", ("015112345678", "15112345678")),
            ("phone", "+1 (201) 555-1234", ("12015551234", "2015551234")),
            ("phone", "(201) 555-1234", ("12015551234", "2015551234")),
            ("phone", "12345", ()),
            ("payment_card", "4242 4242 4242 4242", ("4242424242424242",)),
            ("bank_account", "DE89 3704 0044 0532 0130 00", ("de89370400440532013000",)),
            ("national_id", "078-05-1120", ("078051120",)),
            ("payment_card", "123", ()),
            ("bank_account", "DEUTDEFFXXX", ()),
            ("name", "Ada Lovelace", ()),
            ("income", 1234567, ()),
        ],
    )
    def test_is_free_of_separators(
        self, data_type: str, value: object, runs: tuple[str, ...]
    ) -> None:
        assert digit_run(data_type, value) == runs


def test_a_type_of_the_installation_is_text() -> None:
    taxonomy = load_taxonomy({"badge": {"pattern": "B.*"}})
    assert normalise("badge", " B  1 ", taxonomy) == "b 1"
    assert digest_forms("badge", "B1", taxonomy)[:2] == ("B1", "b1")
