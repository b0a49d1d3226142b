"""The people whose data the programs of the corpus handle."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import yaml

ROLES = ("self", "other", "third")

TYPES = {
    "id": "user_id",
    "first_name": "first_name",
    "last_name": "last_name",
    "name": "name",
    "email": "email",
    "phone": "phone",
    "birthday": "birthday",
    "income": "income",
    "gender": "gender",
    "city": "city",
    "country": "country",
    "postcode": "postal_code",
    "address": "street_address",
    "ip": "ip_address",
    "agent": "user_agent",
}
"""Field of a person → its data type."""


@dataclass(frozen=True, slots=True)
class Person:
    """One account: the fields as the application's form and tables have them."""

    id: int
    first_name: str
    last_name: str
    name: str
    email: str
    phone: str
    birthday: str
    """ISO 8601."""
    income: int
    gender: str
    city: str
    country: str
    postcode: str
    address: str
    ip: str
    agent: str

    def form(self) -> dict[str, str]:
        """Return what this person types into a form (no id, no full name)."""
        hidden = ("id", "name", "ip", "agent")
        return {
            item.name: str(getattr(self, item.name))
            for item in fields(self)
            if item.name not in hidden
        }

    def document(self) -> dict[str, Any]:
        """Return what a browser application sends as JSON: nested, with a number in it."""
        return {
            "name": self.name,
            "email": self.email,
            "phone": self.phone,
            "birthday": self.birthday,
            "income": self.income,
            "gender": self.gender,
            "address": {
                "street": self.address,
                "postcode": self.postcode,
                "city": self.city,
                "country": self.country,
            },
        }

    def changed(self, names: Iterable[str], stranger: Person) -> Person:
        """Return this person with the fields ``names`` of ``stranger``."""
        return replace(self, **{name: getattr(stranger, name) for name in names})


People = dict[str, Person]
"""Role → person."""


@dataclass(frozen=True)
class Cast:
    """All people there are."""

    personas: dict[str, People]
    strangers: tuple[Person, ...]


def load_cast() -> Cast:
    """Read ``people.yaml``; a missing or unknown field raises ``TypeError``."""
    raw = yaml.safe_load(Path(__file__).with_name("people.yaml").read_text(encoding="utf-8"))
    personas = {
        name: {role: Person(**values) for role, values in roles.items()}
        for name, roles in raw["personas"].items()
    }
    return Cast(personas, tuple(Person(**values) for values in raw["strangers"]))
