"""The whole stack for a person: started in order, told about, stopped in the other order."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from examples.demo.application import Application
from examples.demo.people import PEOPLE, live_a_day
from examples.stand_in import StandIn
from tools.stack import services
from tools.stack.building import built, say
from tools.stack.ports import Ports
from tools.stack.postgres import Database, Server
from tools.stack.postgres_wheels import POSTGRESQL
from tools.stack.program import Program
from tools.stack.services import local


class PortsTakenError(Exception):
    """Somebody listens where the stack wants to."""


@dataclass(frozen=True, slots=True)
class Stack:
    """What runs."""

    folder: Path
    ports: Ports
    database: Database
    parts: tuple[Program, ...]

    def pages_environ(self, staff_token: str) -> dict[str, str]:
        """Return the settings of whoever reads the store."""
        return {
            "SST_DATABASE_URL": self.database.url("psycopg"),
            "SST_KEY_FILE": str(self.folder / "sst.key"),
            "SST_STAFF_TOKEN": staff_token,
            "SST_TRACE_URL": local(self.ports.jaeger, "/trace/{trace_id}"),
        }

    def site_environ(self) -> dict[str, str]:
        """Return the settings of an application that is tracked into the stack."""
        return {
            "SST_AUDIT_ENDPOINT": local(self.ports.audit),
            "SST_SPOOL_DIR": str(self.folder / "spool"),
            "SST_KEY_FILE": str(self.folder / "sst.key"),
            "OTEL_TRACES_EXPORTER": "otlp",
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_EXPORTER_OTLP_ENDPOINT": local(self.ports.otlp_http),
            "OTEL_METRICS_EXPORTER": "none",
            "OTEL_LOGS_EXPORTER": "none",
            "OTEL_SEMCONV_STABILITY_OPT_IN": "http,database",
        }


@contextmanager
def running(
    folder: Path, ports: Ports, settings: Mapping[str, str], *, observed: bool
) -> Iterator[Stack]:
    """Run PostgreSQL, the ingest, Jaeger and the collector, ``observed`` by Prometheus.

    ``folder``: for their data and logs. ``settings``: of PostgreSQL. Raises ``MissingToolError``,
    ``BuildError``, and ``AssertionError`` for a part that does not come up.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as parts:
        programs = built(POSTGRESQL)
        data = folder / programs.name  # another version cannot read it
        server = parts.enter_context(Server(data, ports.postgres, settings, programs / "bin"))
        database = server.kept_database("audit")
        # Each delivers to one before it; what is stopped first has nobody left who sends to it.
        others = [
            services.ingest(folder, ports.ingest, database.url("psycopg")),
            services.jaeger(folder, ports),
            services.collector(folder, ports, local(ports.ingest, "/v1/logs")),
            *([services.prometheus(folder, ports)] if observed else []),
        ]
        for part in others:
            parts.enter_context(part)
        yield Stack(folder, ports, database, (server, *others))


@contextmanager
def site(stack: Stack, folder: Path, port: int = 0) -> Iterator[tuple[Application, StandIn]]:
    """Run the budgeting site of the demo, tracked into ``stack``; its vendors are stand-ins."""
    folder.mkdir(parents=True, exist_ok=True)
    environ = {"OTEL_SERVICE_NAME": "budget", "SECRET_KEY": secrets.token_urlsafe(32)}
    with StandIn(folder / "authority") as vendors:
        environ = {**vendors.environ(), **stack.site_environ(), **environ}
        with Application(folder, environ, port=port) as application:
            yield application, vendors


def run(folder: Path, *, free_ports: bool = False) -> None:
    """Run everything until Ctrl-C or SIGTERM; prints where it is.

    Raises :class:`PortsTakenError` and what :func:`running` raises.
    """
    ports = Ports.free() if free_ports else Ports()
    taken = ports.taken()
    if taken:
        raise PortsTakenError(f"somebody listens already: {', '.join(taken)}; see --free-ports")
    staff_token = secrets.token_urlsafe(18)
    say(f"starting; data and logs are in {folder}")
    try:
        with ExitStack() as parts:
            stack = parts.enter_context(running(folder, ports, {}, observed=True))
            visits = folder / "site"
            application, _ = parts.enter_context(site(stack, visits, ports.site))
            environ = stack.pages_environ(staff_token)
            shown = parts.enter_context(services.pages(folder, ports.pages, environ))
            _first_day(visits, application.url)
            print(_addresses(stack, staff_token), flush=True)
            _watch((*stack.parts, shown))
            say("stopping")
    except KeyboardInterrupt:
        say("stopped before it was up")
        raise
    say("stopped")


def _first_day(folder: Path, url: str) -> None:
    """Let the demo's people use the site, unless they have accounts from an earlier run."""
    mark = folder / "visited"
    if not mark.exists():
        live_a_day(url)
        mark.touch()


def _watch(parts: Iterable[Program]) -> None:
    """Wait for Ctrl-C; raises ``RuntimeError`` when a part has ended by itself."""
    pause = threading.Event()
    try:
        while all(part.is_running for part in parts):
            pause.wait(1)
    except KeyboardInterrupt:
        return
    ended = [part.last_words() for part in parts if not part.is_running]
    raise RuntimeError("\n".join(["a part has ended:", *ended]))


def _addresses(stack: Stack, staff_token: str) -> str:
    ports = stack.ports
    maria = PEOPLE[0].log_in
    lines = {
        "The site": f"{local(ports.site)}   ({maria['email']}, password: {maria['password']})",
        "The pages": f"{local(ports.pages, '/provenance/dashboard')}   (staff: {staff_token})",
        "Jaeger": local(ports.jaeger),
        "Prometheus": local(ports.prometheus),
        "PostgreSQL": stack.database.dsn,
        "Collector": f"{local(ports.audit)} for SST_AUDIT_ENDPOINT, "
        f"{local(ports.otlp_http)} for OTEL_EXPORTER_OTLP_ENDPOINT",
        "Its metrics": local(ports.collector_metrics, "/metrics"),
        "Ingest": local(ports.ingest, "/metrics"),
    }
    rows = [f"{name + ':':<13}{text}" for name, text in lines.items()]
    return "\n".join([*rows, "Ctrl-C stops everything; what was stored stays."])
