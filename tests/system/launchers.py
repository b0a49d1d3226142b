"""What an untouched site of each framework is started with, and who gets what of whom by it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.support import Vendor, vendor_server
from tests.system.launch import APPS, OTEL, Launched, launched, wait_until
from tests.system.people import MARIA, OTHER

GUNICORN = ("gunicorn", "--bind", "127.0.0.1:{port}", "--no-control-socket")
UVICORN = ("uvicorn", "--host", "127.0.0.1", "--port", "{port}")
WORKERS = ("--workers", "2", "--timeout-worker-healthcheck", "60")  # the tests' machine is busy
MANAGE = ("python", "parish/manage.py", "runserver")
GEVENT_PATCH = {"OTEL_PYTHON_AUTO_INSTRUMENTATION_EXPERIMENTAL_GEVENT_PATCH": "patch_all"}

Share = tuple[str, str, str, frozenset[str]]
"""Route, destination, owner's id, data types."""
Answer = tuple[int, str, bytes]
"""Status, type and body."""
Answers = dict[str, list[Answer]]
"""By the address of who has asked."""


@dataclass(frozen=True)
class Launcher:
    """One way to start the site of one framework."""

    command: tuple[str, ...]
    """Without ``opentelemetry-instrument``."""
    environ: Mapping[str, str] = field(default_factory=dict)
    kills: bool = False
    """Whether the serving process ends by SIGKILL from its own parent."""

    @property
    def debug(self) -> bool:
        return "--debug" in self.command


SHOP = {
    "gunicorn": Launcher((*GUNICORN, "-w", "2", "shop:app")),
    "gunicorn gthread": Launcher((*GUNICORN, "-k", "gthread", "--threads", "4", "shop:app")),
    "gunicorn gevent": Launcher((*GUNICORN, "-k", "gevent", "shop:app")),
    "gunicorn gevent patched": Launcher((*GUNICORN, "-k", "gevent", "shop:app"), GEVENT_PATCH),
    "gunicorn preloaded": Launcher((*GUNICORN, "-w", "2", "--preload", "shop:app")),
    "flask run --debug": Launcher(
        ("flask", "--app", "shop", "run", "--debug", "--port", "{port}"), kills=True
    ),
}
GUILD = {
    "uvicorn": Launcher((*UVICORN, "--loop", "asyncio", "guild:app")),
    "uvicorn uvloop": Launcher((*UVICORN, "--loop", "uvloop", "guild:app")),
    "uvicorn workers": Launcher((*UVICORN, *WORKERS, "guild:app")),
    "uvicorn --reload": Launcher((*UVICORN, "--reload", "guild:app")),
    "gunicorn": Launcher(
        (*GUNICORN, "-w", "2", "-k", "uvicorn.workers.UvicornWorker", "guild:app")
    ),
}
PARISH = {
    "gunicorn": Launcher((*GUNICORN, "-w", "2", "parish.wsgi")),
    "runserver": Launcher((*MANAGE, "127.0.0.1:{port}"), kills=True),
    "uvicorn": Launcher((*UVICORN, "parish.asgi:application")),
}
SITES: dict[str, Mapping[str, Launcher]] = {"shop": SHOP, "guild": GUILD, "parish": PARISH}
VISITOR = "a visitor"
_PSEUDONYM = re.compile(r"\A[a-z2-7]{26}\Z")
_PROFILE = frozenset({"email", "first_name", "city", "birthday", "income"})
_WRITTEN = _PROFILE | {"last_name", "phone", "password"}
"""uWSGI resets a connection now and then, of a plain site too: then all is done once more."""
_CALLS = ("/contact", "/conversion", "/contact")


def site_environ(site: str) -> dict[str, str]:
    """Return what the process of a site needs in its environment."""
    more = {"DJANGO_SETTINGS_MODULE": "parish.settings"} if site == "parish" else {}
    return {"PYTHONPATH": f"{APPS}{os.pathsep}{os.environ.get('PYTHONPATH', '')}", **more}


def migrate(site: str, folder: Path) -> None:
    """Make the tables of a site that does not make them when it starts."""
    if site == "parish":
        command = [sys.executable, "manage.py", "migrate", "--run-syncdb", "-v", "0"]
        environ = {**os.environ, "SHOP_DB": f"sqlite:///{folder / 'app.db'}", "VENDOR": ""}
        subprocess.run(command, cwd=APPS / "parish", env=environ, check=True, timeout=60)


def use(app: Launched) -> Answers:
    """Let two people who have much in common sign up and use a site at once; the answers."""
    people = {}
    answers: Answers = {}
    for person in (MARIA, OTHER):
        client = people[person.email] = app.client()
        who = {"email": person.email, "password": person.password}
        answers[person.email] = [
            _ask(client, f"{app.url}/signup", person.form()),
            _ask(client, f"{app.url}/login", who),
        ]

    def calls(email: str) -> list[Answer]:
        return [_ask(people[email], app.url + path) for path in _CALLS]

    with ThreadPoolExecutor(len(people)) as pool:
        for email, found in zip(people, pool.map(calls, people), strict=True):
            answers[email] += found
    return answers


def truth() -> Counter[Share]:
    """Return who gets what of whom when :func:`use` uses a site."""
    return Counter(
        share
        for owner in ("1", "2")
        for share in (
            ("/signup", "sqlite users", owner, _WRITTEN),
            *[("/contact", "POST 127.0.0.1/crm/contacts", owner, _PROFILE)] * 2,
            ("/conversion", "POST 127.0.0.1/pixel/events", owner, frozenset({"email", "phone"})),
        )
    )


def told(rows: list[dict[str, Any]]) -> Counter[Share]:
    """Return the shares that audit rows tell of; a pseudonym is ``VISITOR``."""
    return Counter(
        (
            row["route"],
            row["destination"].partition("(")[0],
            _PSEUDONYM.sub(VISITOR, row["owner_id"]),
            frozenset(row["data_types"]),
        )
        for row in rows
    )


def check_site(
    command: tuple[str, ...],
    vendor: Vendor,
    folder: Path,
    binaries: Path,
    environ: Mapping[str, str],
    prepare: Callable[[Path], None] = lambda _: None,
    visit: Callable[[Launched], Answers] = use,
    further: Counter[Share] | None = None,
) -> None:
    """Use a site without us and with us: the truth, the same answers, a clean end.

    ``binaries``: where the programs of its environment are; ``prepare``: is given the folder of its
    database before it starts; ``further``: the shares of a ``visit`` beyond those of :func:`use`.
    """
    vendor.received.clear()
    plain, tracked = folder / "plain", folder / "tracked"
    for each in (plain, tracked):
        each.mkdir(parents=True)
        prepare(each)
    with (
        vendor_server() as other,
        launched(plain, other.url, command, environ, binaries=binaries) as app,
    ):
        answers = visit(app)
    with launched(tracked, vendor.url, (OTEL, *command), environ, binaries=binaries) as app:
        assert visit(app) == answers
        # On disk soon after its call: not every server lets Python end what it has begun.
        wait_until(lambda: all(row["outcome"] for row in app.rows()))
        app.stop()
        assert app.process.returncode != -signal.SIGKILL, "it had to be killed"
        wait_until(lambda: not is_running(app))
        rows = app.rows()
    assert told(rows) == truth() + (further or Counter())
    assert {row["outcome"] for row in rows} == {"sent"}
    assert app.ours() == []


def is_running(app: Launched) -> bool:
    """Whether any process of an application is left."""
    try:
        os.killpg(app.process.pid, 0)
    except ProcessLookupError:
        return False
    return True


def _ask(client: requests.Session, url: str, form: Mapping[str, str] | None = None) -> Answer:
    answer = client.post(url, data=form, allow_redirects=False)
    client.close()  # of the connection alone: uWSGI closes its end without saying so
    return answer.status_code, answer.headers.get("Content-Type", ""), answer.content
