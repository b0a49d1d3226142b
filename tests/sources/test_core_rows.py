"""Rows fetched through SQLAlchemy that do not become objects: typed, and each its own person's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    event,
    func,
    literal_column,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.engine import Engine, Row
from sqlalchemy.orm import Session, aliased

from sst_otel.registry.identity import marked
from tests.sources.rows import ANN, BEA, fill, parents, told, whole
from tests.sources.shop_models import Order, Product, User
from tests.support import Tracking

users: Any = User.__table__
orders: Any = Order.__table__
BOTH = [{("email", "1")}, {("email", "2")}]


@pytest.fixture
def engine(engine: Engine) -> Engine:
    fill(engine)
    return engine


class TestTheWaysToFetch:
    """One row is seen once, however it is asked for."""

    @pytest.mark.parametrize(
        "fetch",
        [
            lambda result: result.all(),
            lambda result: result.fetchall(),
            lambda result: list(result),
            lambda result: result.fetchmany(2),
            lambda result: [result.fetchone(), result.fetchone()],
            lambda result: [row for part in result.partitions(1) for row in part],
            lambda result: [row.values() for row in result.mappings()],
            lambda result: [tuple(row) for row in result.unique()],
            lambda result: [result.first(), (BEA,)],
            lambda result: result.yield_per(1).all(),
        ],
    )
    @pytest.mark.parametrize("statement", ["core", "orm", "text"])
    def test_each_row_is_its_persons(
        self, db: Session, statement: str, fetch: Callable[[Any], Any]
    ) -> None:
        core: Any = select(users.c.email, users.c.id).order_by(users.c.id)
        orm = select(User.email, User.id).order_by(User.id)
        plain = text("SELECT email, id FROM users ORDER BY id")
        result = db.execute({"core": core, "orm": orm, "text": plain}[statement])
        rows = fetch(result)
        assert whole(rows)[0] == {("email", "1")}
        assert whole(rows)[1] in ({("email", "2")}, set())
        assert [next(iter(row)) for row in rows] == [ANN, BEA]

    @pytest.mark.parametrize(
        "fetch",
        [
            lambda db, query: db.execute(query).scalar(),
            lambda db, query: db.scalar(query),
            lambda db, query: db.execute(query).scalar_one(),
            lambda db, query: db.execute(query).scalars().one(),
            lambda db, query: db.execute(query).one()[0],
            lambda db, query: db.connection().scalar(query),
        ],
    )
    def test_one_value(self, db: Session, fetch: Callable[[Any, Any], Any]) -> None:
        query = select(User.birthday).where(User.id == 2)
        assert told(fetch(db, query)) == {("birthday", "2")}

    def test_the_older_query(self, db: Session) -> None:
        row = db.query(User.email, User.income).filter_by(id=2).one()
        assert told(*row) == {("email", "2"), ("income", "2")}
        assert told(*(db.query(User.email).filter(User.id == 1).first() or ())) == {("email", "1")}

    @pytest.mark.parametrize(
        "fetch",
        [
            lambda result: [(value,) for value in result.scalars()],
            lambda result: result.columns("email").all(),
        ],
    )
    def test_what_is_left_of_a_row_without_its_key(
        self, db: Session, fetch: Callable[[Any], Any]
    ) -> None:
        query = select(users.c.email, users.c.id).order_by(users.c.id)
        assert whole(fetch(db.execute(query))) == [{("email", None)}, {("email", None)}]
        db.execute(query).all()
        assert whole(fetch(db.execute(query))) == BOTH  # by now it is known whose they are

    def test_objects_and_columns_in_one_row(self, db: Session) -> None:
        user, shouted = db.query(User, func.upper(User.email)).filter_by(id=1).one()
        assert told(shouted, user.email) == {("email", "1")}

    def test_the_drivers_own_statement(self, db: Session) -> None:
        statement = "SELECT income FROM users WHERE id = ?"
        row = db.connection().exec_driver_sql(statement, (2,)).one()
        assert told(*row) == {("income", "2")}

    def test_converted_values_are_the_tagged_ones(self, db: Session) -> None:
        (row,) = db.execute(select(User.birthday).where(User.id == 1))
        assert row.birthday.year == 1990
        assert told(row.birthday) == {("birthday", "1")}


class TestWhose:
    """The row's own key, one that is equal to it, or what WHERE binds; else nobody."""

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            (select(users).where(users.c.id == 2), "2"),
            (select(users.c.income).where(users.c.id == 2), "2"),
            (select(users.c.income).where(users.c.id == 2, users.c.logins > 0), "2"),
            (
                select(users.c.income, orders.c.user_id)
                .join_from(orders, users)
                .order_by(users.c.id.desc()),
                "2",
            ),
            (select(users.c.income).join_from(orders, users).where(orders.c.user_id == 2), "2"),
            (select(users.c.income, users.c.id.label("nr")).order_by(users.c.id.desc()), "2"),
            (
                select(select(users.c.id, users.c.income).subquery()).order_by(text("id DESC")),
                "2",
            ),
            (select(users.c.income).order_by(users.c.id.desc()), None),
            (select(users.c.income).where(or_(users.c.id == 2, users.c.id == 1)), None),
            (select(users.c.income).where(users.c.id != 1), None),
            (select(users.c.income).where(users.c.id > 1), None),
            (select(users.c.income).where(users.c.id == users.c.logins - 5), None),
        ],
    )
    def test_who(self, db: Session, query: Any, expected: str | None) -> None:
        row = db.execute(query).first()
        assert row is not None
        assert ("income", expected) in told(*row)
        assert {owner for kind, owner in told(*row) if kind == "income"} == {expected}

    def test_two_people_in_one_row(self, db: Session) -> None:
        other = aliased(User)
        query = select(User.email, other.email, User.id, other.id.label("other")).join(
            other, other.id != User.id
        )
        for row in db.execute(query):
            assert told(row[0]) == {("email", str(row.id))}
            assert told(row[1]) == {("email", str(row.other))}

    def test_a_bound_key_is_this_executions(self, db: Session) -> None:
        for number in (1, 2, 1):
            (row,) = db.execute(select(users.c.income).where(users.c.id == number))
            assert ("income", str(number)) in told(row.income)

    def test_a_name_is_as_good_as_a_key(self, db: Session) -> None:
        query = select(User.income).where(User.email == BEA)
        assert told(db.scalar(query)) == {("income", BEA)}  # until somebody's key is seen
        db.execute(select(User.id, User.email)).all()
        assert told(db.scalar(query)) == {("income", "2")}

    def test_correlated_subqueries(self, db: Session) -> None:
        mail = select(users.c.email).where(users.c.id == orders.c.user_id).scalar_subquery()
        rows = db.execute(select(mail, orders.c.user_id).order_by(orders.c.id)).all()
        assert whole(rows) == BOTH

    def test_common_tables(self, db: Session) -> None:
        mails = select(users.c.id.label("n"), func.lower(users.c.email).label("mail")).cte()
        query = select(mails.c.mail, orders.c.total).join(orders, orders.c.user_id == mails.c.n)
        assert told(*db.execute(query.where(mails.c.n == 2)).one()) == {("email", "2")}

    def test_unions(self, db: Session) -> None:
        parts = [select(users.c.id, users.c.email).where(users.c.id == n) for n in (1, 2)]
        assert whole(db.execute(union_all(*parts))) == BOTH


class TestWhatIsMadeOfColumns:
    def test_the_same_in_another_form(self, db: Session) -> None:
        query = select(func.lower(User.email), func.coalesce(User.city, "?")).where(User.id == 1)
        assert told(*db.execute(query).one()) == {("email", "1"), ("city", "1")}

    def test_a_text_around_it(self, db: Session) -> None:
        query = select(User.first_name + " from " + User.city).where(User.id == 1)
        made = db.scalar(query)
        mark = marked(made)
        assert mark is not None
        assert mark.composed
        assert told(made) == {("first_name", "1"), ("city", "1")}

    def test_computed(self, db: Session) -> None:
        made = db.scalar(select(User.income * 12).where(User.id == 1))
        assert told(made) == {("derived", "1")}
        assert parents(made) == {("income", "1")}

    def test_conditions_and_counts_say_nothing(self, db: Session) -> None:
        query = select(
            func.count(User.email), func.count(User.id.distinct()), User.income > 500_000
        )
        assert told(*db.execute(query).one()) == set()
        assert told(*db.execute(select(func.length(User.email))).first() or ()) == set()

    def test_fragments_of_text_in_a_core_statement(self, db: Session) -> None:
        query = select(literal_column("email"), users.c.id).select_from(users)
        assert len(db.execute(query).all()) == 2


class TestNothingElseChanges:
    def test_tables_that_hold_nothing_personal(self, db: Session) -> None:
        assert whole(db.execute(select(Product.name, Product.price))) == [set()]
        assert whole(db.execute(text("SELECT name, price FROM products"))) == [set()]

    def test_a_result_is_not_read_by_us(self, db: Session, tracking: Tracking) -> None:
        query = select(users.c.email, users.c.id).execution_options(yield_per=1)
        result = db.execute(query)
        before = len(tracking.tracker.registry)
        first = next(result)
        assert len(tracking.tracker.registry) == before + 2
        assert type(first) is Row
        result.close()

    def test_no_statement_of_ours(self, engine: Engine, db: Session) -> None:
        seen: list[str] = []
        event.listen(
            engine, "before_cursor_execute", lambda *call: seen.append(" ".join(call[2].split()))
        )
        db.execute(select(User.email)).all()
        db.execute(text("SELECT email FROM users")).all()
        assert seen == ["SELECT users.email FROM users", "SELECT email FROM users"]

    def test_a_failing_conversion_leaves_no_value_in_a_frame_of_ours(
        self, engine: Engine, db: Session
    ) -> None:
        with engine.begin() as connection:
            connection.execute(text("UPDATE users SET birthday = 'secret-day' WHERE id = 1"))
        with pytest.raises(ValueError, match="secret-day") as caught:
            db.execute(select(User.birthday, User.id)).all()
        for entry in caught.traceback:
            if "sst_otel" in str(entry.path):
                assert "secret-day" not in repr(entry.frame.f_locals)

    def test_after_tracking_nothing_is_tagged(self, engine: Engine, db: Session) -> None:
        import sst_otel

        result = db.execute(select(User.email, User.id))
        sst_otel.stop_tracking()
        assert whole(result)[0] <= {("email", "1")}
        assert whole(db.execute(select(User.email, User.id))) == [set(), set()]


def test_models_of_the_settings_hold_for_columns_too(engine: Engine, tmp_path: Path) -> None:
    from tests.support import tracking_in

    models = {"User": {"owner": "id", "fields": {"logins": "username", "city": "off"}}}
    with tracking_in(tmp_path, models=models), Session(engine) as db:
        query = select(users.c.city, users.c.email).where(users.c.id == 1)
        assert told(*db.execute(query).one()) == {("email", "1")}
