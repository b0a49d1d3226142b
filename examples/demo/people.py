"""Two made-up people, and everything they do on the site.

They share first name, birthday, city and income, so that only right owner logic tells them apart,
and they do everything at the same time.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType

import requests


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who uses the site."""

    owner_id: str
    """The id that the site's database will give."""
    sign_up: dict[str, str]
    settings: dict[str, str]
    """What the settings form is sent with; part of it is new."""

    @property
    def log_in(self) -> dict[str, str]:
        """The form of the log-in page."""
        return {name: self.sign_up[name] for name in ("email", "password")}


_SHARED = {
    "first_name": "Maria",
    "birthday": "1990-05-17",
    "gender": "female",
    "city": "Lisbon",
    "income": "50000",
}
PEOPLE = (
    Person(
        "1",
        {
            **_SHARED,
            "last_name": "Keller",
            "email": "Maria.Keller@example.org",
            "phone": "+1 617 555 0142",
            "password": "correct horse 1",
        },
        {"last_name": "Keller", "phone": "+1 617 555 0163", "city": "Lisbon"},
    ),
    Person(
        "2",
        {
            **_SHARED,
            "last_name": "Santos",
            "email": "m.santos@example.net",
            "phone": "+1 617 555 0178",
            "password": "correct horse 2",
        },
        {"last_name": "Santos-Lindqvist", "phone": "+1 617 555 0199", "city": "Lisbon"},
    ),
)


_FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that one person did."""

    name: str
    owner_id: str


@dataclass(slots=True)
class Journey:
    """What was done so far: the trace id each request carried -> the step it belongs to.

    The trace id is how a row of the audit log is told to belong to a step, whoever the log says it
    is about: two people doing the same at once cannot be mixed up unnoticed.
    """

    steps: dict[str, Step] = field(default_factory=dict)


class Browser:
    """One person's browser with cookies of its own; never behind a proxy."""

    def __init__(self, url: str, person: Person, journey: Journey) -> None:
        self.person = person
        self._url = url
        self._journey = journey
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["User-Agent"] = _FIREFOX

    def sign_up(self) -> None:
        """Create the account."""
        self._do("sign-up", "/sign-up", self.person.sign_up, then="/log-in")

    def log_in(self) -> None:
        """Log in; the cookie stays in this browser."""
        self._do("log-in", "/log-in", self.person.log_in, then="/dashboard")

    def note_spending(self) -> None:
        """Note two expenses."""
        for form in ({"category": "Rent", "amount": "1450"}, {"category": "Food", "amount": "312"}):
            self._do("expense", "/expenses", form, then="/dashboard")

    def name_a_goal(self) -> None:
        """Name a goal whose amount is by chance the income; the page asks for exchange rates."""
        self._do("goal", "/goals", {"name": "Buy a house", "target": "50000"})

    def read_insights(self) -> None:
        """Open the AI insights."""
        self._do("insights", "/ai-insights")

    def ask_for_a_tip(self) -> None:
        """Ask the chat for a tip."""
        self._do("tip", "/tip", {"topic": "Food"})

    def change_settings(self) -> None:
        """Change the profile."""
        self._do("settings", "/settings", self.person.settings)

    def look_at(self, path: str) -> None:
        """Open a page of the site."""
        self._do("look", path)

    def log_out(self) -> None:
        """Log out."""
        self._do("log-out", "/log-out", {}, then="/")

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _do(
        self, step: str, path: str, form: dict[str, str] | None = None, *, then: str | None = None
    ) -> None:
        """Send ``form``, or open the page without one, and check that it ends at ``then``."""
        trace_id = secrets.token_hex(16)
        self._journey.steps[trace_id] = Step(step, self.person.owner_id)
        given = self._session.request(
            "GET" if form is None else "POST",
            self._url + path,
            data=form,
            headers={"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"},
            timeout=30,
        )
        if given.status_code != 200 or given.url != self._url + (then or path):
            raise RuntimeError(f"{step} of user {self.person.owner_id}: HTTP {given.status_code}")

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


_TOGETHER: tuple[Callable[[Browser], None], ...] = (
    Browser.log_in,
    Browser.note_spending,
    Browser.name_a_goal,
    Browser.read_insights,
    Browser.ask_for_a_tip,
    Browser.change_settings,
)


def live_a_day(url: str) -> Journey:
    """Sign both people up, log both in, and let both do everything at the same time.

    ``url``: the site's origin. Raises ``RuntimeError`` where the site did not answer as it should,
    naming the step but no value.
    """
    journey = Journey()
    with (
        Browser(url, PEOPLE[0], journey) as first,
        Browser(url, PEOPLE[1], journey) as second,
        ThreadPoolExecutor(2) as both,
    ):
        browsers = (first, second)
        for browser in browsers:  # one after the other: the ids of the accounts follow
            browser.sign_up()
        for step in _TOGETHER:
            list(both.map(step, browsers))
        for browser in browsers:
            browser.log_out()
    return journey
