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

from sst_otel import lifetime, lineage
from sst_otel.audit import AuditLog
from sst_otel.datatypes import FieldClassifier, load_taxonomy
from sst_otel.guard import error_counts, guard, say_once
from sst_otel.keys import load_keys
from sst_otel.lifetime import release_all, sweep
from sst_otel.lineage import hooks
from sst_otel.matching.matcher import Matcher
from sst_otel.missed import all_counts, forget
from sst_otel.pages import flask_mount
from sst_otel.patching import Patches
from sst_otel.recipients import Register
from sst_otel.registry.registry import Registry
from sst_otel.scope import exhausted
from sst_otel.selection import Selection
from sst_otel.settings import Settings
from sst_otel.sinks import connections
from sst_otel.sinks.all import installs as sink_installs
from sst_otel.sinks.outgoing import Outgoing
from sst_otel.sinks.psycopg2 import Psycopg2Sink
from sst_otel.sinks.share import forget_writer
from sst_otel.sinks.sqlite3 import SqliteSink
from sst_otel.sources import celery as celery_source
from sst_otel.sources import click as click_source
from sst_otel.sources import flask as flask_source
from sst_otel.sources import parsing, threads
from sst_otel.sources.databases import Databases
from sst_otel.status import StatusFile
from sst_otel.tagging import Tagger
from sst_otel.tags import Minter
from sst_otel.telemetry.events import Telemetry
from sst_otel.telemetry.service import service_name

if TYPE_CHECKING:
    from sst_otel.pages.application import PagesApp

_HOUSEKEEPING_SECONDS = 15.0
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
        self.emit = Outgoing(
            self.registry,
            Matcher(self.registry, classifier.names_type),
            self.tagger,
            Register(settings.recipients),
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
        installs: tuple[Callable[[], Patches], ...] = (
            lambda: flask_source.install(self.tagger, settings.owner, self._databases.accounts),
            *self._databases.installs(),
            lambda: celery_source.install(self.tagger),
            lambda: click_source.install(self.tagger),
            threads.install,
            *sink_installs(self.emit, settings),
            *(sink.install for sink in self._raw_drivers),
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
                self._patches.append(parsing.install(self.tagger))
        if settings.pages:
            with guard("install"):
                self._patches.append(flask_mount.install(self._pages))
        self._keep_house()

    def stop(self) -> None:
        """Undo everything; the audit log is written out and closed."""
        self._stopped.set()
        for undo in reversed(self._undo):
            with guard("stop"):
                undo()
        for patches in reversed(self._patches):
            patches.undo()
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
        from sst_otel.sources.session import signed_session_owner

        return PagesApp(
            lambda: open_reader(self.settings, self.keys),
            self.keys,
            self.settings,
            lambda _environ: signed_session_owner(self.settings.owner, self._databases.accounts),
        )

    def _keep_house(self) -> None:
        self._housekeeper = threading.Thread(
            target=self._house, name="sst-housekeeping", daemon=True
        )
        self._housekeeper.start()

    def _house(self) -> None:
        """Forget what has expired, also in an idle process, and leave a status record."""
        while True:
            with guard("registry.sweep"):
                self.registry.sweep()
                sweep(time.monotonic())
                connections.sweep()
            with guard("status"):
                self._status.write(self.state())
            if self._stopped.wait(_HOUSEKEEPING_SECONDS):
                return

    def state(self) -> dict[str, Any]:
        """Return what ``sst-otel doctor`` shows of this process; no personal value in it."""
        report = lineage.report()
        return {
            "pid": os.getpid(),
            "started": self._started_at,
            "command": os.path.basename(sys.argv[0]) if sys.argv else "",
            "python": ".".join(map(str, sys.version_info[:3])),
            "hooks": sorted(name for patches in self._patches for name in patches.installed),
            "modules_rewritten": report["rewritten"],
            "modules_skipped": report["skipped"],
            "errors": error_counts(),
            "missed": all_counts(exhausted(), report),
            "values": len(self.registry),
        }

    def forked(self) -> None:
        """Give a forked child its own thread and locks; files are the audit log's business."""
        if self._stopped.is_set():
            return
        self._stopped = threading.Event()
        self.registry.forked()
        lifetime.forked()
        forget_writer()
        with guard("fork"):
            self._keep_house()


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
