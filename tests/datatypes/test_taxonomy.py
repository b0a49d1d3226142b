from __future__ import annotations

from importlib.resources import files
from typing import Any

import jsonschema
import pytest
import yaml

from sst_otel.datatypes import default_taxonomy, load_taxonomy
from sst_otel.datatypes.checks import CHECKS
from sst_otel.datatypes.forms import _NORMAL_FORMS
from sst_otel.datatypes.tokens import phrase_words

_PHRASES = {"type": "array", "items": {"type": "string", "minLength": 1}, "uniqueItems": True}
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["types", "words"],
    "additionalProperties": False,
    "properties": {
        "types": {
            "type": "object",
            "propertyNames": {"pattern": "^[a-z]+(_[a-z]+)*$"},
            "additionalProperties": {
                "type": "object",
                "required": ["fides", "dpv", "check"],
                "additionalProperties": False,
                "properties": {
                    "fides": {"pattern": r"^user(\.[a-z_]+)*$"},
                    "dpv": {"pattern": "^([A-Za-z]+|https://w3id.org/dpv#[A-Za-z]+)$"},
                    "sensitivity": {"enum": ["sensitive", "special", "criminal"]},
                    "check": {"enum": sorted(CHECKS)},
                    "form": {"enum": sorted(_NORMAL_FORMS)},
                    "bits": {"type": "number", "exclusiveMinimum": 0, "maximum": 60},
                    "fields": _PHRASES,
                    "bare": _PHRASES,
                    "contextual": _PHRASES,
                    "near": {"enum": ["address", "author", "holder"]},
                    "tail": {"enum": ["any"]},
                    "span": {"const": False},
                    "keys": {**_PHRASES, "items": {"pattern": "^[a-z0-9]+$"}},
                },
            },
        },
        "words": {
            "type": "object",
            "required": [
                "personal", "postal", "impersonal", "certain", "person", "address", "neutral",
                "leading", "deny", "trailing", "never", "hashed",
            ],
            "additionalProperties": _PHRASES,
        },
    },
}  # fmt: skip
_LISTED = """
email first_name last_name name username birthday age gender phone street_address city region
postal_code country nationality ip_address geo_precise geo_coarse device_id cookie_id user_agent
user_id pseudonym national_id tax_id passport driver_license vehicle_plate payment_card bank_account
income financial purchase health health_insurance genetic biometric ethnicity religion political
sexual_orientation trade_union criminal password credential photo user_content search_history
browsing job employer education marital_status children language social_profile privacy_pref derived
"""
_NAMES = _LISTED.split()


@pytest.fixture(scope="module")
def raw() -> Any:
    text = files("sst_otel.datatypes").joinpath("taxonomy.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def test_the_file_fits_its_schema(raw: Any) -> None:
    jsonschema.validate(raw, _SCHEMA)


def test_there_are_the_58_types() -> None:
    assert len(_NAMES) == 58
    assert sorted(default_taxonomy().types) == sorted(_NAMES)


def test_a_phrase_names_one_type_only(raw: Any) -> None:
    seen: dict[tuple[str, ...], str] = {}
    for name, spec in raw["types"].items():
        for strength in ("fields", "bare", "contextual"):
            for phrase in spec.get(strength, ()):
                words = phrase_words(phrase)
                assert words, phrase
                assert seen.setdefault(words, name) == name, phrase


def test_word_lists_hold_single_words(raw: Any) -> None:
    for name, words in raw["words"].items():
        if name not in ("never", "author"):
            assert not [word for word in words if " " in word], name


def test_words_of_groups_are_types(raw: Any) -> None:
    for group in ("certain", "person", "address"):
        assert set(raw["words"][group]) <= set(_NAMES)


def test_nobody_is_a_person_and_a_thing(raw: Any) -> None:
    words = raw["words"]
    assert not (set(words["personal"]) | set(words["postal"])) & set(words["impersonal"])


def test_terms_are_iris() -> None:
    types = default_taxonomy().types
    assert types["birthday"].dpv == "https://w3id.org/dpv/pd#BirthDate"
    assert types["derived"].dpv == "https://w3id.org/dpv#DerivedPersonalData"
    assert types["birthday"].fides == "user.demographic.date_of_birth"
    special = {name for name, known in types.items() if known.sensitivity == "special"}
    assert special == {
        "health", "health_insurance", "genetic", "biometric", "ethnicity", "religion", "political",
        "sexual_orientation", "trade_union",
    }  # fmt: skip


class TestOverrides:
    def test_none_gives_the_shipped_types(self) -> None:
        assert load_taxonomy() is load_taxonomy({})

    def test_a_type_is_switched_off(self) -> None:
        taxonomy = load_taxonomy({"username": "off", "age": False})
        assert "username" not in taxonomy
        assert "age" not in taxonomy
        assert "username" in load_taxonomy()

    def test_a_shipped_type_is_extended(self) -> None:
        taxonomy = load_taxonomy({"email": {"fields": ["kontakt"]}})
        email = taxonomy.types["email"]
        assert "kontakt" in email.fields
        assert "email" in email.fields
        assert email.check == "email"

    @pytest.mark.parametrize(
        ("overrides", "message"),
        [
            ({"no_such": "off"}, "not known"),
            ({"x": {"pattern": "("}}, "not a regular expression"),
            ({"x": {"pattern": 5}}, "must be a regular expression"),
            ({"x": {}}, "needs fields or a pattern"),
            ({"x": {"fields": "abc"}}, "list of names"),
            ({"x": {"field": ["a"]}}, "fields and pattern"),
            ({"x": "on"}, "must be 'off'"),
        ],
    )
    def test_a_wrong_entry_is_named(self, overrides: dict[str, Any], message: str) -> None:
        with pytest.raises(ValueError, match=message) as raised:
            load_taxonomy(overrides)
        assert next(iter(overrides)) in str(raised.value)
