"""The rows of the application's database: written past the application and past all tracking."""

from __future__ import annotations

import sqlite3
from datetime import date
from pathlib import Path

from sst_otel.suppress import suppressed
from tests.corpus.people import ROLES, People

_CREATED = ("orders", "notes", "offices", "products", "users")


class Rows:
    """Fills the database of a :class:`~tests.corpus.program.Program`; close it after use."""

    def __init__(self, database: Path) -> None:
        self._connection = sqlite3.connect(database, isolation_level=None)
        self._connection.execute("PRAGMA synchronous=OFF")

    def fill(self, people: People, public: People) -> None:
        """Replace all rows.

        ``people`` are the accounts; ``public`` the people whose values public rows coincide with:
        the same ones, unless somebody's values are changed to see what depends on them.
        """
        with suppressed():
            self._fill(people, public)

    def _fill(self, people: People, public: People) -> None:
        run = self._connection.execute
        run("BEGIN")
        for table in _CREATED:
            run(f"DELETE FROM {table}")
        for number, role in enumerate(ROLES):
            person = people[role]
            manager = people["other"].id if role != "other" else None
            run(
                "INSERT INTO users (id, email, name, phone, birthday, income, gender, address,"
                " postcode, city, country, team, is_active, manager_id)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'sales', 1, ?)",
                (
                    *(person.id, person.email, person.name, person.phone, person.birthday),
                    *(person.income, person.gender, person.address, person.postcode),
                    *(person.city, person.country, manager),
                ),
            )
            for order in range(2):
                run(
                    "INSERT INTO orders (id, user_id, item, total, quantity, receipt_email)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    (
                        *(9001 + 10 * number + order, person.id, ("Lamp", "Chair")[order]),
                        *((39.5, 120)[order], order + 1, person.email),
                    ),
                )
            run(
                "INSERT INTO notes (id, user_id, text) VALUES (?, ?, ?)",
                (7001 + number, person.id, "Prefers to be called in the morning."),
            )
        self._public(public)
        run("COMMIT")

    def _public(self, public: People) -> None:
        """Offices and products that have the people's cities, days, amounts and words."""
        me, boss = public["self"], public["other"]
        opened = date(2001, 5, 3).isoformat()
        for number, person in enumerate((me, boss)):
            self._connection.execute(
                "INSERT INTO offices (id, label, street, town, opened, budget)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (
                    *(31 + number, f"Office {person.city}", "Market Square", person.city),
                    *(person.birthday if number else opened, person.income),
                ),
            )
            self._connection.execute(
                "INSERT INTO products (id, title, price, made_in, released) VALUES (?, ?, ?, ?, ?)",
                (
                    *(61 + number, f"{person.last_name} Lamp", person.income),
                    *(person.country, person.birthday),
                ),
            )

    def close(self) -> None:
        self._connection.close()
