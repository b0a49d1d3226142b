"""The parts of the stack: how each is run, and what it is told of the others."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from tools.stack.building import COLLECTOR, JAEGER, built
from tools.stack.ports import Ports
from tools.stack.program import BINARIES, ROOT, MissingToolError, Program
from tools.stack.waiting import answers

COLLECTOR_CONFIG = ROOT / "collector" / "config.yaml"
TOKENS_CONFIG = ROOT / "collector" / "tokens.yaml"
_JAEGER_CONFIG = ROOT / "collector" / "jaeger" / "config.yaml"
_RULES = ROOT / "prometheus" / "rules.yaml"


def local(port: int, path: str = "") -> str:
    """Return the address of a part on this machine."""
    return f"http://127.0.0.1:{port}{path}"


def collector(
    folder: Path,
    ports: Ports,
    ingest_url: str,
    environ: Mapping[str, str] | None = None,
    further: Sequence[Path] = (),
) -> Program:
    """Return the collector of ``collector/config.yaml``; its queue is in ``folder``.

    ``ingest_url``: where it delivers audit records. ``environ``: further variables of the file.
    ``further``: files that go on top of it.
    """
    return Program(
        "the collector",
        [built(COLLECTOR), *[f"--config={file}" for file in (COLLECTOR_CONFIG, *further)]],
        folder / "collector.log",
        lambda: answers(local(ports.collector_health)),
        environ={
            "SST_QUEUE_DIR": str(folder / "queue"),
            "SST_INGEST_URL": ingest_url,
            "SST_JAEGER_ENDPOINT": f"127.0.0.1:{ports.jaeger_otlp}",
            "SST_HEALTH_PORT": str(ports.collector_health),
            "SST_OTLP_GRPC_PORT": str(ports.otlp_grpc),
            "SST_OTLP_HTTP_PORT": str(ports.otlp_http),
            "SST_AUDIT_PORT": str(ports.audit),
            "SST_SELF_METRICS_PORT": str(ports.collector_metrics),
            **(environ or {}),
        },
    )


def jaeger(folder: Path, ports: Ports) -> Program:
    """Return Jaeger with ``collector/jaeger/config.yaml``, whose links lead to our pages."""
    links = (ROOT / "collector" / "jaeger" / "ui-config.json").read_text("utf-8")
    ui = folder / "jaeger-ui.json"
    ui.write_text(links.replace(local(Ports().pages), local(ports.pages)), "utf-8")
    return Program(
        "Jaeger",
        [built(JAEGER), "--config", _JAEGER_CONFIG],
        folder / "jaeger.log",
        lambda: answers(local(ports.jaeger_health, "/status")),
        environ={
            "SST_JAEGER_UI_CONFIG": str(ui),
            "SST_JAEGER_HTTP_PORT": str(ports.jaeger),
            "SST_JAEGER_GRPC_PORT": str(ports.jaeger_grpc),
            "SST_JAEGER_OTLP_PORT": str(ports.jaeger_otlp),
            "SST_JAEGER_HEALTH_PORT": str(ports.jaeger_health),
        },
    )


def ingest(folder: Path, port: int, database_url: str) -> Program:
    """Return ``sst-otel ingest``, which writes into ``database_url``."""
    return Program(
        "the ingest",
        [BINARIES / "sst-otel", "ingest", "--listen", f"127.0.0.1:{port}"],
        folder / "ingest.log",
        lambda: answers(local(port, "/healthz")),
        environ={"SST_DATABASE_URL": database_url, "PYTHONUNBUFFERED": "1"},
        cwd=folder,
    )


def pages(folder: Path, port: int, environ: Mapping[str, str]) -> Program:
    """Return ``sst-otel serve``; ``environ`` names store, key, staff token and trace address."""
    return Program(
        "the pages",
        [BINARIES / "sst-otel", "serve", "--listen", f"127.0.0.1:{port}"],
        folder / "pages.log",
        lambda: answers(local(port, "/provenance/static/style.css")),
        environ=environ,
        cwd=folder,
    )


def prometheus(folder: Path, ports: Ports) -> Program:
    """Return Prometheus, which scrapes the collector and the ingest and knows our rules."""
    program = shutil.which("prometheus")
    if program is None:
        raise MissingToolError("Prometheus is missing (Debian: apt-get install prometheus)")
    targets = {"collector": ports.collector_metrics, "ingest": ports.ingest}
    config = {
        "global": {"scrape_interval": "5s", "evaluation_interval": "5s"},
        "rule_files": [str(_RULES)] if _RULES.exists() else [],
        "scrape_configs": [
            {"job_name": name, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
            for name, port in targets.items()
        ],
    }
    file = folder / "prometheus.yaml"
    file.write_text(yaml.safe_dump(config), "utf-8")
    return Program(
        "Prometheus",
        [
            program,
            f"--config.file={file}",
            f"--storage.tsdb.path={folder / 'prometheus'}",
            f"--web.listen-address=127.0.0.1:{ports.prometheus}",
        ],
        folder / "prometheus.log",
        lambda: answers(local(ports.prometheus, "/-/ready")),
        cwd=folder,
    )
