"""Everything from a site to the store, with a wire that can be broken between each two parts."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import requests

from tests.faults.relay import Relay, relaying
from tests.support import Vendor, vendor_server
from tests.system.launch import OTEL, Launched, launched
from tests.system.launchers import GUNICORN
from tools.stack import services
from tools.stack.ports import Ports
from tools.stack.postgres import QUICK, Database, Server
from tools.stack.program import Program
from tools.stack.services import local

SHARES = int(os.environ.get("SST_FAULT_SHARES", "300"))
"""How many a fault; ``make faults`` takes 5,000."""
DOWN_SECONDS = 60 * SHARES / 5_000
WORKERS = 2
_GUNICORN = (OTEL, *GUNICORN, "-w", str(WORKERS), "--keep-alive", "0", "parcels:app")
_METRIC = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Line:
    """The parts, in the order in which a share passes them."""

    vendor: Vendor
    site: Launched
    to_collector: Relay
    collector: Program
    to_ingest: Relay
    ingest: Program
    to_database: Relay
    server: Server
    database: Database
    ports: Ports

    def rows(self, run: int) -> Counter[int]:
        """Return how many rows each serial of a run has."""
        query = "SELECT trace_id FROM audit_logs WHERE starts_with(trace_id, %s)"
        with psycopg.connect(self.database.dsn) as connection:
            found = connection.execute(query, [f"{run:016x}"]).fetchall()
        return Counter(int(trace_id[16:], 16) for (trace_id,) in found)

    def hours(self) -> set[int]:
        """Return by how many hours the times of events differ from those of their arrival."""
        query = """SELECT DISTINCT round(extract(epoch FROM timestamp - received_at) / 3600)::int
                   FROM audit_logs"""
        with psycopg.connect(self.database.dsn) as connection:
            return {hours for (hours,) in connection.execute(query)}

    def worker_pids(self) -> list[int]:
        """Return the processes that serve requests."""
        tasks = Path(f"/proc/{self.site.process.pid}/task").iterdir()
        return [int(word) for task in tasks for word in (task / "children").read_text().split()]

    def answers(self) -> Counter[str]:
        """Return how often the ingest has answered log records with each status."""
        counted = metrics(local(self.ports.ingest, "/metrics"), "sst_ingest_requests_total")
        found: Counter[str] = Counter()
        for labels, count in counted.items():
            if 'path="/v1/logs"' in labels:
                found[labels.rpartition('status="')[2].rstrip('"')] += int(count)
        return found

    def of_collector(self, name: str) -> float:
        """Return a metric of the collector's audit pipeline; 0 before it is first counted."""
        counted = metrics(local(self.ports.collector_metrics, "/metrics"), name)
        return sum(count for labels, count in counted.items() if '/audit"' in labels)


def metrics(address: str, name: str) -> Mapping[str, float]:
    """Return the values of a metric by their labels."""
    text = requests.get(address, timeout=20).text
    return {labels: float(value) for found, labels, value in _METRIC.findall(text) if found == name}


@contextmanager
def standing(
    folder: Path,
    environ: Mapping[str, str] | None = None,
    of_site: Mapping[str, str] | None = None,
    command: Sequence[str] = _GUNICORN,
) -> Iterator[Line]:
    """Build a line; ``environ``, ``of_site``: further variables of the collector, of the site.

    ``command`` starts the site.
    """
    folder.mkdir()
    ports = Ports.free()
    with ExitStack() as parts:
        vendor = parts.enter_context(vendor_server())
        server = parts.enter_context(Server(folder / "postgres", ports.postgres, QUICK))
        database = server.kept_database("audit")
        to_database = parts.enter_context(relaying(ports.postgres))
        through = Database(to_database.port, database.name)
        ingest = services.ingest(folder, ports.ingest, through.url("psycopg"))
        parts.enter_context(ingest)
        to_ingest = parts.enter_context(relaying(ports.ingest))
        told = {"SST_RETRY_MAX_INTERVAL": "5s", **(environ or {})}
        collector = services.collector(folder, ports, f"{to_ingest.url}/v1/logs", told)
        parts.enter_context(collector)
        to_collector = parts.enter_context(relaying(ports.audit))
        given = {"SST_AUDIT_ENDPOINT": to_collector.url, **(of_site or {})}
        site = launched(folder / "site", vendor.url, command, given)
        yield Line(
            vendor,
            parts.enter_context(site),
            to_collector,
            collector,
            to_ingest,
            ingest,
            to_database,
            server,
            database,
            ports,
        )
