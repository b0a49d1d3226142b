"""The site without us: what it does, and what it really shares (the ground truth)."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.demo.application import SITE, Application
from examples.demo.people import PEOPLE, Journey, live_a_day
from examples.demo.truth import CALLS_PER_PERSON, complaints
from examples.stand_in import Arrival, StandIn


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Journey, list[Arrival]]]:
    folder = tmp_path_factory.mktemp("site")
    with (
        StandIn(folder / "authority") as vendors,
        Application(folder, vendors.environ(), launcher=()) as site,
    ):
        journey = live_a_day(site.url)
        assert complaints(vendors.arrivals, vendors.refused) == ()
        yield journey, vendors.arrivals


def bodies(day: tuple[Journey, list[Arrival]], host: str) -> list[str]:
    return [arrival.body.decode() for arrival in day[1] if arrival.host == host]


class TestTheSourceKnowsNothingOfUs:
    def test_no_file_names_the_package(self) -> None:
        sources = [path for path in SITE.rglob("*") if path.suffix in (".py", ".html", ".css")]
        assert len(sources) > 10
        for path in sources:
            assert not re.search(r"sst.?otel|opentelemetry", path.read_text(), re.IGNORECASE), path


class TestWhatReachesTheVendors:
    def test_the_insight_holds_income_and_a_rate_made_from_it(
        self, day: tuple[Journey, list[Arrival]]
    ) -> None:
        prompts = [json.loads(body)["input"] for body in bodies(day, "api.groq.com")]
        assert len(prompts) == 2
        assert prompts[0] == prompts[1], "only the owner tells the two apart"
        assert "User income: $50000\n" in prompts[0]
        assert "Savings rate this month: 57.7%\n" in prompts[0]
        assert "Maria" not in prompts[0]

    def test_the_tip_holds_first_name_and_city(self, day: tuple[Journey, list[Arrival]]) -> None:
        for body in bodies(day, "api.openai.com"):
            assert "I am Maria from Lisbon." in json.loads(body)["messages"][1]["content"]

    def test_meta_gets_digests_of_its_normal_forms_alone(
        self, day: tuple[Journey, list[Arrival]]
    ) -> None:
        sent = [
            json.loads(body)["data"][0]["user_data"] for body in bodies(day, "graph.facebook.com")
        ]
        assert sent == [
            {
                "em": [hashlib.sha256(email.encode()).hexdigest()],
                "ph": [hashlib.sha256(phone.encode()).hexdigest()],
            }
            for email, phone in (
                ("maria.keller@example.org", "16175550142"),
                ("m.santos@example.net", "16175550178"),
            )
        ]

    def test_the_crm_gets_the_changed_profile(self, day: tuple[Journey, list[Arrival]]) -> None:
        contacts = [json.loads(body)["properties"] for body in bodies(day, "api.hubapi.com")]
        wanted = [
            {
                "email": person.sign_up["email"],
                "firstname": "Maria",
                "lastname": person.settings["last_name"],
                "phone": person.settings["phone"],
                "city": "Lisbon",
            }
            for person in PEOPLE
        ]
        assert sorted(contacts, key=lambda each: each["email"]) == wanted

    def test_the_rates_call_holds_nothing_of_anybody(
        self, day: tuple[Journey, list[Arrival]]
    ) -> None:
        for arrival in day[1]:
            if arrival.host == "open.er-api.com":
                assert (arrival.path, arrival.body) == ("/v6/latest/USD", b"")
                assert not {"cookie", "authorization", "baggage"} & set(arrival.headers)

    def test_everything_is_done_once_by_each(self, day: tuple[Journey, list[Arrival]]) -> None:
        done = Counter((step.name, step.owner_id) for step in day[0].steps.values())
        names = {"sign-up", "log-in", "expense", "goal", "insights", "tip", "settings", "log-out"}
        assert set(done) == {(name, person.owner_id) for name in names for person in PEOPLE}
        assert {name for (name, _), count in done.items() if count > 1} == {"expense"}


class TestTheDriver:
    def test_a_site_that_fails_is_said_without_a_value(self, tmp_path: Path) -> None:
        with StandIn(tmp_path / "authority") as vendors:
            environ = vendors.environ()
        with (  # the stand-in is gone: the sign-up's conversion event fails, and the page with it
            Application(tmp_path, environ, launcher=()) as site,
            pytest.raises(RuntimeError, match=r"^sign-up of user 1: HTTP 500$"),
        ):
            live_a_day(site.url)

    def test_a_site_that_does_not_start_shows_the_end_of_its_log(self, tmp_path: Path) -> None:
        with pytest.raises(RuntimeError, match="No such option"):
            Application(tmp_path, {}, launcher=("flask", "--nonsense"))

    def test_missing_and_extra_calls_are_complaints(self) -> None:
        host = "api.groq.com"
        arrival = Arrival(host, "POST", "/", {"baggage": "sst.owner=x"}, b"")
        said = complaints([arrival] * 3, ["example.org"])
        assert f"{host}: 3 calls arrived, 2 expected" in said
        assert f"{host}: was sent baggage of ours" in said
        assert "example.org: asked for, nobody stands in for it" in said
        assert len(said) == len(CALLS_PER_PERSON) + 2
