"""The running tracker: registry, matcher, audit log, and the sources and sinks that feed them.

One per process. Wiring only; every part is built and undone on its own, so that one that fails does
not take the others with it.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sst_otel import hidden_frames, leaving, lineage, remembered
from sst_otel.audit import AuditLog
from sst_otel.datatypes import FieldClassifier, load_taxonomy
from sst_otel.guard import error_counts, guard, say_once
from sst_otel.keys import load_keys
from sst_otel.lifetime import release_all, sweep
from sst_otel.lineage import hooks, validated
from sst_otel.matching.matcher import Matcher
from sst_otel.missed import all_counts, forget
from sst_otel.pages import flask_mount
from sst_otel.patching import Patches
from sst_otel.recipients import Register
from sst_otel.registry.registry import Registry
from sst_otel.scope import exhausted
from sst_otel.selection import Selection
from sst_otel.settings import Settings, say_misspelt, told
from sst_otel.sinks import connections, last_hop
from sst_otel.sinks.all import installs as sink_installs
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.psycopg2 import Psycopg2Sink
from sst_otel.sinks.share import forget_writer
from sst_otel.sinks.sqlite3 import SqliteSink
from sst_otel.sources import parsing
from sst_otel.sources.all import installs as source_installs
from sst_otel.sources.databases import Databases
from sst_otel.status import StatusFile
from sst_otel.tagging import Tagger
from sst_otel.tags import Minter
from sst_otel.telemetry import crossing, exporters, providers
from sst_otel.telemetry.events import Telemetry
from sst_otel.telemetry.metrics import Observed, process_metrics
from sst_otel.telemetry.report import report
from sst_otel.telemetry.service import service_name
from sst_otel.trusted import TrustedHosts

if TYPE_CHECKING:
    from sst_otel.pages.application import PagesApp

_HOUSEKEEPING_SECONDS = 15.0
_FIRST_MOMENTS = 1.0
"""Seconds that a forked child has for closing every descriptor there is, as daemons do (Celery's
beat): a file that we are writing would be among them."""
_STOP_SECONDS = 2.0


class Tracker:
    """Everything that runs while tracking is on. Raises where the key cannot be had."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.keys = load_keys(settings.key, settings.key_file)
        taxonomy = load_taxonomy(settings.data_types)
        classifier = FieldClassifier(taxonomy)
        self.registry = Registry(
            settings.registry_values, settings.registry_seconds, time.monotonic
        )
        self.audit = AuditLog(settings, self.keys)
        self.tagger = Tagger(
            self.registry,
            Minter(self.keys.secret),
            self.keys,
            classifier,
            self.audit,
            Selection(settings.fields),
        )
        self._register = Register(settings.recipients)
        self.emit = Outgoing(
            self.registry,
            Matcher(self.registry, classifier.names_type),
            self.tagger,
            self._register,
            self.audit,
            Telemetry(),
            settings.first_party_hosts,
            self.keys.key_id,
            service_name(settings.service_name),
            settings.own_databases,
        )
        sqlite, psycopg2 = SqliteSink(self.emit), Psycopg2Sink(self.emit)
        self._raw_drivers = (sqlite, psycopg2)
        self._databases = Databases(
            self.tagger,
            settings.models,
            {"sqlite3": sqlite.beneath, "psycopg2": psycopg2.beneath},
        )
        self._patches: list[Patches] = []
        self._undo: list[Callable[[], None]] = []
        self._status = StatusFile(settings.spool_dir)
        self._started_at = time.time()
        self._stopped = threading.Event()
        self._housekeeper: threading.Thread | None = None

    def start(self) -> None:
        """Install all sources and sinks, each on its own."""
        settings = self.settings
        trusted = TrustedHosts(settings.trusted_hosts)
        services = crossing.Crossing(self.tagger, self.keys, trusted)
        installs: tuple[Callable[[], Patches], ...] = (
            hidden_frames.install,
            *source_installs(self.tagger, settings, self._databases),
            lambda: leaving.install(self.audit.flush),
            lambda: providers.install(self.tagger),
            lambda: crossing.install(services),
            *sink_installs(self.emit, settings, self._patches.append),
            *(sink.install for sink in self._raw_drivers),
            lambda: last_hop.install(trusted, services.told),
        )
        for install in installs:
            with guard("install"):
                self._patches.append(install())
        with guard("install.lineage"):
            self._undo.append(
                lineage.install(settings.lineage, cache_dir=settings.spool_dir / "bytecode")
            )
        if settings.hooks:
            with guard("install.hooks"):
                self._patches.append(hooks.install(self.registry))
                self._patches.append(validated.install())
                self._patches.append(parsing.install(self.tagger))
        if settings.redact:
            with guard("install"):
                self._patches.append(exporters.install(self.tagger, self._register))
        if settings.pages:
            with guard("install"):
                self._patches.append(flask_mount.install(self._pages))
        with guard("install"):
            process_metrics().observe(
                Observed(
                    self.registry.__len__,
                    self.audit.tags_noted,
                    self.audit.buffered_bytes,
                    self.audit.spooled_bytes,
                    self.audit.lost,
                )
            )
        self._keep_house()

    def stop(self) -> None:
        """Undo everything; the audit log is written out and closed."""
        self._stopped.set()
        for undo in reversed(self._undo):
            with guard("stop"):
                undo()
        for patches in reversed(self._patches):
            patches.undo()
        process_metrics().observe(None)
        self.registry.clear()
        release_all()
        with guard("stop"):
            self.audit.close()
        with guard("status"):
            if self._housekeeper is not None:
                self._housekeeper.join(_STOP_SECONDS)  # or it may write its record after this
            self._status.remove()

    def _pages(self) -> PagesApp:
        from sst_otel.audit import open_reader
        from sst_otel.pages.application import PagesApp
        from sst_otel.sources.flask_session import signed_session_owner

        return PagesApp(
            lambda: open_reader(self.settings, self.keys),
            self.keys,
            self.settings,
            lambda _environ: signed_session_owner(self.settings.owner, self._databases.accounts),
        )

    def _keep_house(self, after: float = 0.0) -> None:
        self._housekeeper = threading.Thread(
            target=self._house, args=(after,), name="sst-housekeeping", daemon=True
        )
        self._housekeeper.start()

    def _house(self, after: float) -> None:
        """Forget what has expired, also in an idle process, and leave a status record."""
        if self._stopped.wait(after):
            return
        while True:
            with guard("registry.sweep"):
                self.registry.sweep()
                sweep(time.monotonic())
                connections.sweep()
                remembered.sweep(time.monotonic())
            with guard("status"):
                self._status.write(self.state())
            if self._stopped.wait(_HOUSEKEEPING_SECONDS):
                return

    def state(self) -> dict[str, Any]:
        """Return what ``sst-otel doctor`` shows of this process; no personal value in it."""
        followed = lineage.report()
        return {
            "pid": os.getpid(),
            "started": self._started_at,
            "command": os.path.basename(sys.argv[0]) if sys.argv else "",
            "python": ".".join(map(str, sys.version_info[:3])),
            "hooks": sorted(name for patches in self._patches for name in patches.installed),
            "modules_rewritten": followed["rewritten"],
            "modules_skipped": followed["skipped"],
            "errors": error_counts(),
            "missed": all_counts(exhausted(), followed),
            "values": len(self.registry),
            "key_id": self.keys.key_id,
            "settings": told(self.settings),
            **report(self._patches),
        }

    def forked(self) -> None:
        """Give a forked child threads of its own; files are the audit log's business."""
        if self._stopped.is_set():
            return
        self._stopped = threading.Event()
        forget_writer()
        with guard("fork"):
            self._keep_house(_FIRST_MOMENTS)


_running: Tracker | None = None
_lock = threading.Lock()


def _after_fork() -> None:
    if _running is not None:
        _running.forked()


# Once a process, not once a tracker: what is registered there is never let go.
os.register_at_fork(after_in_child=_after_fork)


def running() -> Tracker | None:
    """Return this process's tracker, None while tracking is off."""
    return _running


def start(settings: Settings) -> Tracker | None:
    """Start tracking, replacing a running tracker; None when it is disabled.

    Raises ``ValueError`` or ``OSError`` where the key cannot be had or a setting is wrong.
    """
    global _running
    with _lock:
        if settings.disabled:
            return None
        say_misspelt(os.environ)
        tracker = Tracker(settings)
        if _running is not None:
            _running.stop()
        forget()
        _running = tracker
        tracker.start()
        return tracker


def stop() -> None:
    """Stop tracking; nothing when it is off."""
    global _running
    with _lock:
        if _running is not None:
            _running.stop()
            _running = None


def start_quietly(load: Callable[[], Settings]) -> None:
    """Start under an auto-instrumentation: on any trouble stay off and say so in one line."""
    try:
        start(load())
    except ValueError as error:
        say_once("start", f"tracking is off: {error}")
    except OSError as error:
        say_once(
            "start",
            "tracking is off: the key file cannot be read or created: "
            f"{error.strerror}: {error.filename}",
        )
    except Exception as error:
        say_once("start", f"tracking is off: {type(error).__name__} while starting")
