"""One program, one request (or two), and what the vendor received of it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

from flask.testing import FlaskClient

from tests.corpus.cases import Case
from tests.corpus.people import People, Person
from tests.corpus.program import PATH_FIELDS, Program
from tests.corpus.rows import Rows
from tests.support import Vendor

_SECONDS = 10
_WORKERS = ("ThreadPoolExecutor", "sst-")
"""How names of threads begin that wait for more work until the interpreter ends."""
"""Longest wait for what a background thread of a program sends."""
_BOUNDARY = re.compile(r"boundary=(\S+)")


class Stage:
    """The application with its database and a vendor; ``cases`` are the programs it has."""

    def __init__(self, directory: Path, cases: Sequence[Case], vendor: Vendor) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._program = Program(directory, cases, vendor.url)
        self._rows = Rows(self._program.database)
        self._vendor = vendor
        self._program.app.testing = True

    def __enter__(self) -> Stage:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._rows.close()
        self._program.close()

    def run(
        self,
        case: Case,
        people: People,
        base: People | None = None,
        forget: Callable[[], object] = lambda: None,
    ) -> str:
        """Run ``case`` for ``people`` from a clean state; return all that left, as one text.

        ``base``: the people whose values constants of the corpus coincide with, where some of
        ``people``'s are changed. ``forget`` makes tracking a new process. An answer that is no
        success and a payload that never comes are ``AssertionError``.
        """
        base = base or people
        self._rows.fill(people, base)
        self._program.fresh(case)
        forget()
        while not self._vendor.messages.empty():
            self._vendor.messages.get()
        extra = {
            name: text.format(**asdict(base["self"]), other=base["other"])
            for name, text in case.extra.items()
        }
        app = self._program.app
        # Somebody else is in the process as well, as in every server.
        neighbour = self._client(people["other"])
        assert neighbour.post("/profile", data=people["other"].form()).status_code == 200
        client = self._client(people["self"])
        threads = set(threading.enumerate())
        url = self._program.url(case)
        if case.before:
            earlier = client if case.by == "self" else app.test_client()
            if case.by != "self":
                _sign_in(earlier, people[case.by])
            self._ask(earlier, f"{url}/before", case.via, people[case.by], extra)
        if case.restart:
            forget()
        self._ask(client, url, case.via, people["self"], extra)
        sent = [self._vendor.messages.get(timeout=_SECONDS) for _ in range(case.sends)]
        _wait_for(set(threading.enumerate()) - threads)
        assert self._vendor.messages.empty(), "more was sent than the case says"
        return "\n".join(sorted(_text(*message, case.mask) for message in sent))

    def _client(self, person: Person) -> FlaskClient:
        client = self._program.app.test_client()
        _sign_in(client, person)
        return client

    @staticmethod
    def _ask(
        client: FlaskClient, url: str, via: str, person: Person, extra: dict[str, str]
    ) -> None:
        headers = {"User-Agent": person.agent, "X-Forwarded-For": person.ip}
        options: dict[str, Any] = {"headers": headers}
        if via == "json":
            options["json"] = {**person.document(), **extra}
        elif via == "form":
            options["data"] = {**person.form(), **extra}
        elif extra or via == "query":
            options["query_string"] = {**(person.form() if via == "query" else {}), **extra}
        if via == "headers":
            headers.update({"X-User-Email": person.email, "X-User-Phone": person.phone})
        elif via == "cookies":
            for name in ("email", "phone", "city", "birthday"):
                client.set_cookie(name, quote(str(getattr(person, name))))
        elif via == "path" and not url.endswith("before"):
            url += "".join("/" + quote(str(getattr(person, name))) for name in PATH_FIELDS)
        post = via in ("json", "form")
        answer = client.open(url, method="POST" if post else "GET", **options)
        assert answer.status_code < 400, answer.status


def _wait_for(threads: set[threading.Thread]) -> None:
    """Wait until what a program started has ended; workers of pools and daemons go on."""
    for thread in threads:
        if not thread.daemon and not thread.name.startswith(_WORKERS):
            thread.join(_SECONDS)
            assert not thread.is_alive(), f"{thread.name}, a thread of the program, does not end"


def _sign_in(client: FlaskClient, person: Person) -> None:
    with client.session_transaction() as opened:
        opened["user_id"] = person.id


def _text(method: str, path: str, body: bytes, headers: dict[str, str], mask: str) -> str:
    """Return a message as text that is the same whenever the same is said."""
    text = "\n".join(
        [f"{method} {path}", *(f"{name}: {headers[name]}" for name in sorted(headers)), repr(body)]
    )
    boundary = _BOUNDARY.search(headers.get("Content-Type", ""))
    if boundary is not None:
        text = text.replace(boundary[1], "BOUNDARY")
    return re.sub(mask, "MASKED", text) if mask else text
