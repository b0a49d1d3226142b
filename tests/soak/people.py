"""The people of the bazaar, what each of its views is asked with and what it shares of whom."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CITIES = ("Zwickau", "Reading", "Besançon", "Oldenburg")
_LAST_NAMES = ("Vossberg", "Keller", "Moser", "Ahlers", "Dragan", "Lindqvist", "Okafor", "Tanaka")
PEOPLE = 64

Share = tuple[str, int, frozenset[str]]
"""Destination, id of the account, data types."""


@dataclass(frozen=True, slots=True)
class Person:
    """One account; eight at a time have first name, city, birthday and income in common."""

    id: int

    @property
    def form(self) -> dict[str, str]:
        group, number = divmod(self.id, 8)
        last_name = _LAST_NAMES[number]
        return {
            "email": f"{last_name.lower()}.{group}@mail{group}.example",
            "first_name": ("Maria", "Mark", "Grace", "Torben")[group % 4],
            "last_name": last_name,
            "phone": f"+49 171 55{self.id:02}8{number}4{group}",
            "birthday": f"19{80 + group}-04-17",
            "city": _CITIES[group % 4],
            "income": str(48_290 + 1_000 * group),
        }

    @property
    def manager(self) -> Person:
        """Somebody of the same group."""
        return Person(self.id - self.id % 8 + (self.id + 1) % 8)


EVERYBODY = [Person(number) for number in range(PEOPLE)]


def fill(database: Path) -> None:
    """Write the accounts, past the application; account 0 has the id 1000, and so on."""
    connection = sqlite3.connect(database)
    columns = ("id", *EVERYBODY[0].form, "manager_id")
    places = ", ".join("?" * len(columns))
    for person in EVERYBODY:
        row = (account(person), *person.form.values(), account(person.manager))
        connection.execute(f"INSERT INTO users ({', '.join(columns)}) VALUES ({places})", row)
    connection.commit()
    connection.close()


def account(person: Person) -> int:
    """Return the id of a person's account."""
    return 1000 + person.id


@dataclass(frozen=True, slots=True)
class View:
    """One view of the bazaar."""

    path: str
    ask: Callable[[Person], Mapping[str, Any]]
    """What it is asked with, as keywords of a test client's ``open``."""
    shares: Callable[[Person], list[Share]]
    traced: bool = True
    """Whether it shares within the request's own context."""


def _form(person: Person) -> dict[str, Any]:
    return {"method": "POST", "data": person.form}


def _nothing(_person: Person) -> dict[str, Any]:
    return {"method": "POST"}


def _own(destination: str, *types: str) -> Callable[[Person], list[Share]]:
    return lambda person: [(f"POST 127.0.0.1{destination}", account(person), frozenset(types))]


def _row_of(person: Person) -> list[Person]:
    """Return three people whom a person of the staff exports."""
    return [EVERYBODY[(person.id + step) % PEOPLE] for step in (3, 20, 41)]


VIEWS = (
    View("/contact", _form, _own("/crm/contacts", "first_name", "city", "email", "birthday")),
    View(
        "/advice",
        lambda person: {"method": "POST", "json": {"income": int(person.form["income"])}},
        _own("/v1/completions", "income", "derived"),
    ),
    View("/pixel", _form, _own("/v1/events", "email", "phone")),
    View("/card", _nothing, _own("/v1/messages", "first_name", "last_name", "city", "email")),
    View(
        "/introduce",
        _nothing,
        lambda person: [
            *_own("/v1/leads", "email")(person),
            *_own("/v1/leads", "phone")(person.manager),
        ],
    ),
    View(
        "/export",
        lambda person: {
            "method": "POST",
            "query_string": {"ids": ",".join(str(account(one)) for one in _row_of(person))},
        },
        lambda person: [
            share
            for one in _row_of(person)
            for share in _own("/v1/contacts", "email", "city", "income")(one)
        ],
    ),
    View("/remind", _form, _own("/v1/notifications", "email", "city"), traced=False),
    View("/letter", _form, _own("/v1/messages", "phone", "birthday"), traced=False),
    View("/pool", _form, _own("/v1/leads", "email"), traced=False),
    View("/list", lambda _person: {"method": "GET"}, lambda _person: []),
)
