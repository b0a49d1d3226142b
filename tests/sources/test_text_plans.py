"""Statements as text: which column of which table each output is, and what tells whose."""

from __future__ import annotations

import pytest

from sst_otel import missed
from sst_otel.datatypes import FieldClassifier, default_taxonomy
from sst_otel.sources.people import People
from sst_otel.sources.row_plan import RowPlan
from sst_otel.sources.text_plans import TextPlans
from sst_otel.sql_text import parse

CLASSIFIER = FieldClassifier(default_taxonomy())


@pytest.fixture
def plans() -> TextPlans:
    people = People(lambda column, siblings, table: CLASSIFIER.classify(column, siblings, table))
    return TextPlans(
        people,
        lambda word: word != "id" and CLASSIFIER.classify(word, (), "users") is not None,
        lambda _name, _schema: None,
    )


def told(plan: RowPlan | None) -> dict[int, str]:
    """Return output → ``types how owner``: the owner's prefix and the places of the key."""
    found = {}
    for whose, outputs in plan.people if plan is not None else ():
        owner = "nobody"
        if whose is not None:
            key = whose.keys[0]
            owner = " ".join([key.prefix, *(f"{kind}={at}" for kind, at in key.places)]).strip()
            owner = owner or f"named by {[name for name, _ in whose.names]}"
        for output in outputs:
            types = "+".join(str(part.data_type) for part in output.parts)
            if types != "user_id":
                found[output.index] = f"{types} {output.how} {owner}"
    return found


CASES: list[tuple[str, str, dict[int, str]]] = [
    ("SELECT email FROM users WHERE id = ?", "email", {0: "email same parameter=0"}),
    ("SELECT email FROM users WHERE id = 5", "email", {0: "email same literal=5"}),
    ("SELECT email FROM users WHERE id = :who", "email", {0: "email same parameter=who"}),
    ("SELECT email FROM users WHERE id = %s", "email", {0: "email same parameter=0"}),
    ("SELECT email FROM users WHERE id = %(who)s", "email", {0: "email same parameter=who"}),
    ("SELECT email FROM users WHERE a = $2 AND id = $1", "email", {0: "email same parameter=0"}),
    ("SELECT email FROM users WHERE id = CAST(? AS INT)", "email", {0: "email same parameter=0"}),
    (
        "SELECT email FROM users WHERE id = ? OR id = ?",
        "email",
        {0: "email same named by ['email']"},
    ),
    ("SELECT * FROM users WHERE id = ?", "id email", {1: "email same output=0 parameter=0"}),
    ("SELECT income FROM users WHERE email = ?", "income", {0: "income same named by ['email']"}),
    (
        "SELECT u.email, o.iban FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id = ?",
        "email iban",
        {0: "email same parameter=0", 1: "bank_account same parameter=0"},
    ),
    (
        "SELECT u.*, o.iban FROM users AS u JOIN orders AS o ON o.user_id = u.id",
        "id email iban",
        {1: "email same output=0", 2: "bank_account same output=0"},
    ),
    (
        "SELECT * FROM users u, profiles p WHERE p.user_id = u.id",
        "id email id user_id phone",
        {1: "email same output=0 output=3", 4: "phone same output=0 output=3"},
    ),
    (
        "SELECT a.email, b.email, a.id, b.id FROM users a JOIN users b ON a.id < b.id",
        "email email id id",
        {0: "email same output=2", 1: "email same output=3"},
    ),
    (
        "WITH t AS (SELECT id AS n, lower(email) AS m FROM users) SELECT m FROM t WHERE n = ?",
        "mail",
        {0: "email same parameter=0"},
    ),
    (
        "SELECT t.email FROM (SELECT * FROM users) AS t WHERE t.id = ?",
        "email",
        {0: "email same parameter=0"},
    ),
    (
        "SELECT (SELECT phone FROM profiles p WHERE p.user_id = u.id) AS x FROM users u WHERE id=?",
        "x",
        {0: "phone same parameter=0"},
    ),
    (
        "SELECT id, email FROM users UNION SELECT id, email FROM users",
        "id email",
        {1: "email same output=0"},
    ),
    (
        "SELECT id, email FROM users UNION SELECT id, email FROM customers",
        "id email",
        {1: "email same nobody"},
    ),
    (
        "SELECT email FROM users JOIN profiles USING (user_id) WHERE profiles.user_id = ?",
        "email",
        {0: "email same nobody"},  # whose column it is, only the database knows
    ),
    (
        "INSERT INTO users (email) VALUES (?) RETURNING id, email",
        "id email",
        {1: "email same output=0"},
    ),
    (
        "UPDATE users SET city = ? WHERE id = ? RETURNING email",
        "email",
        {0: "email same parameter=1"},
    ),
    (
        "DELETE FROM users WHERE id = ? RETURNING *",
        "id email",
        {1: "email same output=0 parameter=0"},
    ),
    ('DECLARE "c" CURSOR FOR SELECT id, email FROM users', "id email", {1: "email same output=0"}),
    (
        "SELECT name FROM customers WHERE customer_id = ?",
        "name",
        {0: "name same customers: parameter=0"},
    ),
    ("SELECT email FROM orders WHERE id = ?", "email", {0: "email same nobody"}),
    ("SELECT AVG(income) FROM users", "avg", {0: "income derived nobody"}),
    (
        "SELECT MAX(income), MIN(email) FROM users",
        "a b",
        {0: "income same nobody", 1: "email same nobody"},
    ),
    ("SELECT id, SUM(income) FROM users GROUP BY id", "id s", {1: "income derived output=0"}),
    (
        "SELECT user_id, SUM(salary) FROM pay GROUP BY 1",
        "user_id s",
        {1: "salary derived output=0"},
    ),
    ("SELECT SUM(income) FROM users WHERE id = ?", "s", {0: "income derived parameter=0"}),
    ("SELECT id, SUM(income) FROM users GROUP BY city", "id s", {1: "income derived nobody"}),
    ("SELECT id, SUM(income) OVER () FROM users", "id s", {1: "income derived nobody"}),
    ("SELECT string_agg(email, ',') FROM users", "s", {0: "email composed nobody"}),
    (
        "SELECT COUNT(email), COUNT(DISTINCT email), EXISTS (SELECT email FROM users) FROM users",
        "a b c",
        {},
    ),
    (
        "SELECT first_name || ' ' || city FROM users WHERE id = ?",
        "x",
        {0: "first_name+city composed parameter=0"},
    ),
    (
        "SELECT income * 12, income > 5 FROM users WHERE id = ?",
        "x y",
        {0: "income derived parameter=0"},
    ),
    (
        "SELECT CASE WHEN income > 5 THEN email END FROM users WHERE id=?",
        "x",
        {0: "email same parameter=0"},
    ),
    ("SELECT name, price FROM products WHERE id = ?", "name price", {}),
    ("SELECT 1", "1", {}),
    ("SELECT password_hash FROM users WHERE id = ?", "password_hash", {}),
    ("SELECT email FROM users WHERE broken (", "email", {}),
]


@pytest.mark.parametrize(("statement", "names", "expected"), CASES, ids=[case[0] for case in CASES])
def test_plans(plans: TextPlans, statement: str, names: str, expected: dict[int, str]) -> None:
    dialect = "postgresql" if "$1" in statement or "%" in statement else "sqlite"
    expected = {
        index: said.replace("salary", CLASSIFIER.classify("salary", (), "pay") or "")
        for index, said in expected.items()
    }
    assert told(plans.plan(statement, tuple(names.split()), dialect)) == expected


class TestWhatStatementsTeach:
    def test_create_table(self, plans: TextPlans) -> None:
        plans.executed(
            "-- people\n"
            "CREATE TABLE staff (nr INTEGER PRIMARY KEY, email TEXT UNIQUE, pw_hash TEXT);"
            "CREATE TABLE IF NOT EXISTS notes (nr INTEGER, staff_nr INTEGER REFERENCES staff (nr), "
            "phone TEXT)",
            "sqlite",
        )
        query = "SELECT * FROM notes WHERE staff_nr = ?"
        assert told(plans.plan(query, ("nr", "staff_nr", "phone"), "sqlite")) == {
            2: "phone same output=1 parameter=0"
        }

    def test_a_plan_is_made_again_when_more_is_known(self, plans: TextPlans) -> None:
        query = "SELECT email FROM people WHERE id = ?"
        assert told(plans.plan(query, ("email",), "sqlite")) == {
            0: "email same people: parameter=0"
        }
        plans.plan("SELECT password FROM people WHERE email = ?", ("password",), "sqlite")
        plans.plan("SELECT id, password, email FROM people", ("id", "password", "email"), "sqlite")
        assert told(plans.plan(query, ("email",), "sqlite")) == {0: "email same parameter=0"}


class TestWhatIsNotEvenParsed:
    @pytest.mark.parametrize(
        "statement", ["SELECT 1", "COMMIT", "SELECT id, price FROM products", "PRAGMA user_version"]
    )
    def test_silence(self, plans: TextPlans, statement: str) -> None:
        assert plans.is_silent(statement)

    @pytest.mark.parametrize(
        "statement", ["SELECT email FROM users", "SELECT * FROM x", "create table users (id int)"]
    )
    def test_speech(self, plans: TextPlans, statement: str) -> None:
        assert not plans.is_silent(statement)

    def test_very_long_statements(self, plans: TextPlans) -> None:
        statement = "SELECT email FROM users WHERE id IN (" + ", ".join("?" * 20_000) + ")"
        missed.forget()
        assert plans.plan(statement, ("email",), "sqlite") is None
        assert plans.plan("SELECT email FROM users WHERE (", ("email",), "sqlite") is None
        assert missed.counts() == {missed.STATEMENTS: {"": 2}}

    def test_no_statement_is_kept_as_it_is(self, plans: TextPlans) -> None:
        statement = "SELECT income FROM users WHERE email = 'ann.keller@example.com'"
        assert plans.plan(statement, ("income",), "sqlite") is not None
        kept = [*vars(plans).items(), *vars(plans.book).items()]
        assert "keller" not in repr(kept)


class TestPlaceholders:
    @pytest.mark.parametrize(
        ("statement", "places"),
        [
            ("SELECT ? WHERE a = '?' AND b = ? -- ?", (0, 1)),
            ("SELECT %s WHERE a LIKE '5%%' AND b = %(who)s", (0, "who")),
            ("SELECT a::text WHERE b = :b AND c = @c AND d = ?3", ("b", "c", 2)),
            ("SELECT $1 WHERE a = $2", (0, 1)),
            ('SELECT "a:b", [c] FROM t', ()),
        ],
    )
    def test_each_style(self, statement: str, places: tuple[str | int, ...]) -> None:
        dialect = "tsql" if "[" in statement else "postgresql" if "::" in statement else ""
        parsed = parse(statement, "mssql" if dialect == "tsql" else dialect)
        assert parsed is not None
        assert parsed.places == places
