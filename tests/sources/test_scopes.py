"""``sst_otel.scope``: jobs that no framework announces."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from flask import Flask, request

import sst_otel
from sst_otel.scope import PROCESS, current_scope
from tests.support import Tracking, Vendor

CITY = "Leipzig"


@pytest.fixture
def tell(vendor: Vendor) -> Callable[..., None]:
    def send(**payload: Any) -> None:
        requests.post(f"{vendor.url}/v1", json=payload, timeout=5)

    return send


def another(text: str) -> str:
    return "".join(list(text))


def shares(tracking: Tracking) -> list[tuple[str, str, tuple[str, ...]]]:
    return [
        (row["route"], row["owner_id"], tuple(sorted(row["data_types"]))) for row in tracking.rows()
    ]


class TestABlock:
    def test_names_the_owner_and_the_job(
        self, tracking: Tracking, tell: Callable[..., None]
    ) -> None:
        with sst_otel.scope(7, name="remind"):
            sst_otel.tag(CITY, "city")
            tell(city=another(CITY))
        assert shares(tracking) == [("remind", "7", ("city",))]

    def test_what_is_known_to_be_somebody_elses_stays_theirs(
        self, tracking: Tracking, tell: Callable[..., None]
    ) -> None:
        sst_otel.tag(another("ada.lovelace@example.org"), "email", owner_id=1)
        with sst_otel.scope(7):
            tell(email=another("ada.lovelace@example.org"))
        assert shares(tracking) == [("", "1", ("email",))]

    def test_two_blocks_know_nothing_of_each_other(
        self, tracking: Tracking, tell: Callable[..., None]
    ) -> None:
        with sst_otel.scope(7):
            sst_otel.tag(CITY, "city")
        with sst_otel.scope(8):
            tell(city=another(CITY))
        assert shares(tracking) == []

    def test_a_block_without_an_owner_is_somebody_unknown_s(
        self, tracking: Tracking, tell: Callable[..., None]
    ) -> None:
        with sst_otel.scope(name="import"):
            sst_otel.tag(another("ada.lovelace@example.org"), "email")
            tell(email=another("ada.lovelace@example.org"))
        ((route, owner, types),) = shares(tracking)
        assert (route, types) == ("import", ("email",))
        assert owner != "7"

    def test_one_object_can_be_used_again_and_inside_itself(self, tracking: Tracking) -> None:
        block = sst_otel.scope(7)
        with block:
            outer = current_scope()
            with block:
                assert current_scope() is not outer
            assert current_scope() is outer
        assert current_scope() is PROCESS

    def test_an_exception_passes(self, tracking: Tracking) -> None:
        with pytest.raises(ZeroDivisionError), sst_otel.scope(7):
            raise ZeroDivisionError
        assert current_scope() is PROCESS

    def test_without_tracking_nothing_happens(self) -> None:
        with sst_otel.scope(7) as block:
            assert current_scope() is PROCESS
        assert isinstance(block, sst_otel.scope)

    def test_tracking_that_stops_inside_harms_nobody(self, tracking: Tracking) -> None:
        with sst_otel.scope(7):
            sst_otel.stop_tracking()
        assert current_scope() is PROCESS
        sst_otel.start_tracking(
            database_url=f"sqlite:///{tracking.directory / 'audit.db'}", lineage="off"
        )


class TestInsideARequest:
    @pytest.fixture
    def app(self, tell: Callable[..., None]) -> Flask:
        app = Flask(__name__)

        @app.post("/order")
        def order() -> str:
            city, email = request.form["city"], request.form["email"]
            with sst_otel.scope(name="mail"):
                tell(city=another(city))
            with sst_otel.scope(9):
                tell(city=another(city))
            tell(email=another(email))
            return ""

        return app

    def test_it_goes_on_with_what_is_known_unless_it_is_another_persons(
        self, app: Flask, tracking: Tracking
    ) -> None:
        form = {"city": CITY, "email": "ada.lovelace@example.org"}
        app.test_client().post("/order", data=form)
        (mail, visitor, city), (route, same_visitor, _) = shares(tracking)
        assert (mail, city) == ("mail", ("city",))
        assert route == "/order"
        assert visitor == same_visitor


class TestADecorator:
    def test_each_call_has_its_own(self, tracking: Tracking, tell: Callable[..., None]) -> None:
        @sst_otel.scope(7)
        def remind(city: str, known: bool) -> str:
            """Remind somebody."""
            if known:
                sst_otel.tag(city, "city")
            tell(city=another(city))
            return city

        assert remind(CITY, known=True) == CITY
        remind(another(CITY), known=False)
        assert [owner for _, owner, _ in shares(tracking)] == ["7"]
        assert shares(tracking)[0][0].endswith("remind")
        assert inspect.getdoc(remind) == "Remind somebody."

    def test_of_an_async_function(self, tracking: Tracking, tell: Callable[..., None]) -> None:
        @sst_otel.scope(7, name="night")
        async def export(city: str) -> str:
            sst_otel.tag(city, "city")
            await asyncio.sleep(0)
            tell(city=another(city))
            return city

        assert inspect.iscoroutinefunction(export)
        assert asyncio.run(export(CITY)) == CITY
        assert shares(tracking) == [("night", "7", ("city",))]

    def test_of_a_generator_function_is_refused(self) -> None:
        with pytest.raises(TypeError, match="inside a generator"):

            @sst_otel.scope(7)
            def numbers() -> Iterator[int]:
                yield 1


def test_async_blocks_of_several_tasks_stay_apart(
    tracking: Tracking, tell: Callable[..., None]
) -> None:
    async def remind(owner: int, city: str) -> None:
        async with sst_otel.scope(owner):
            sst_otel.tag(city, "city")
            await asyncio.sleep(0)
            tell(city=another(city))

    async def everybody() -> None:
        await asyncio.gather(remind(7, CITY), remind(8, "Bremen"))

    asyncio.run(everybody())
    assert sorted(owner for _, owner, _ in shares(tracking)) == ["7", "8"]
