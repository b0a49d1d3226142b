"""What FastAPI makes of parameters that have types stays the datum that came in."""

import asyncio
import datetime
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import httpx
import pydantic
import pytest
from fastapi import Body, FastAPI, Form

from sst_otel.registry.identity import marked
from tests.support import Tracking

FIELDS = {"birthday": "1991-03-02", "annualIncome": "54321.5", "email": "ann.keller@example.com"}
PERSON = {**FIELDS, "annualIncome": 54321.5}


class Person(pydantic.BaseModel):
    birthday: datetime.date
    income: float = pydantic.Field(alias="annualIncome")


def told(*values: Any) -> list[list[str]]:
    entries = [marked(value) for value in values]
    return [[datum.data_type for datum in entry.data] if entry else [] for entry in entries]


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()

    @app.post("/form")
    def form(
        birthday: Annotated[datetime.date, Form()],
        pay: Annotated[float, Form(alias="annualIncome")],
        email: Annotated[str, Form()],
    ) -> list[list[str]]:
        return told(birthday, pay)

    @app.get("/query")
    def query(birthday: datetime.date, annualIncome: float, email: str) -> list[list[str]]:
        return told(birthday, annualIncome)

    @app.post("/body")
    async def body(
        birthday: Annotated[datetime.date, Body()],
        annualIncome: Annotated[float, Body()],
        email: Annotated[str, Body()],
    ) -> list[list[str]]:
        return told(birthday, annualIncome)

    @app.post("/model")
    def model(person: Person) -> list[list[str]]:
        return told(person.birthday, person.income)

    @app.post("/models")
    async def models(people: list[Person]) -> list[list[str]]:
        return told(people[0].birthday, people[0].income)

    return app


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.post("/form", data=FIELDS),
        lambda c: c.get("/query", params=FIELDS),
        lambda c: c.post("/body", json=FIELDS),
        lambda c: c.post("/model", json=PERSON),
        lambda c: c.post("/models", json=[PERSON]),
    ],
    ids=["form", "query", "body", "model", "models"],
)
def test_each_is_followed(
    call: Callable[[httpx.AsyncClient], Awaitable[Any]], app: FastAPI, tracking: Tracking
) -> None:
    async def ask() -> Any:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            return (await call(client)).json()

    assert asyncio.run(ask()) == [["birthday"], ["income"]]


def test_what_is_refused_is_said_as_ever(app: FastAPI, tracking: Tracking) -> None:
    async def ask() -> Any:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            return await client.post("/form", data={**FIELDS, "birthday": "some day"})

    answer = asyncio.run(ask())
    assert answer.status_code == 422
    assert [error["loc"] for error in answer.json()["detail"]] == [["body", "birthday"]]
