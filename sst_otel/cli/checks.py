"""The checks of ``sst-otel doctor``. Each gives findings; none changes anything."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sst_otel.cli import opening
from sst_otel.cli.errors import CommandError
from sst_otel.settings import Settings
from sst_otel.status import read_all

OK = "ok"
NOTE = "note"
"""Worth knowing: something is not covered, or not there yet."""
PROBLEM = "problem"
"""Something that was meant to work does not; exit code 1."""

HOOKED = "hooked: "
"""How the detail begins that lists a process's hooks."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; never a secret or a personal value."""

    area: str
    subject: str
    state: str
    detail: str


def start(settings: Settings) -> Iterator[Finding]:
    """Check whether tracking can start at all."""
    from importlib.metadata import entry_points

    found = entry_points(group="opentelemetry_instrumentor", name="sst")
    if found:
        yield Finding("start", "entry point", OK, "opentelemetry-instrument will start tracking")
    else:
        yield Finding("start", "entry point", PROBLEM, "not registered: install the package again")
    beside = Path(sys.executable).with_name("opentelemetry-instrument")
    if beside.exists() or shutil.which("opentelemetry-instrument"):
        yield Finding("start", "launcher", OK, "opentelemetry-instrument is installed")
    else:
        yield Finding("start", "launcher", PROBLEM, "opentelemetry-instrument is not installed")
    if settings.disabled:
        yield Finding("start", "SST_DISABLED", PROBLEM, "tracking is switched off")
    disabled = os.environ.get("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "")
    names = {name.strip() for name in disabled.split(",")}
    if names & {"sst", "*"}:
        text = "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS switches tracking off"
        yield Finding("start", "disabled", PROBLEM, text)
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        text = "no spans and no events on spans; the audit log is written all the same"
        yield Finding("start", "OTEL_SDK_DISABLED", NOTE, text)


def key(settings: Settings) -> Iterator[Finding]:
    """Check that the key is there, good and private."""
    if settings.key is not None:
        opening.keys(settings)
        yield Finding("key", "SST_KEY", OK, "set")
        return
    file = settings.key_file
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
    except FileNotFoundError:
        text = f"{file} is not there; it is created when tracking starts"
        yield Finding("key", "key file", NOTE, text)
        return
    except OSError as error:
        yield Finding("key", "key file", PROBLEM, f"{file}: {error.strerror}")
        return
    if mode & 0o077:
        text = f"{file} has mode {mode:04o}: others can read it; chmod 600 it"
        yield Finding("key", "key file", PROBLEM, text)
    else:
        try:
            used = opening.keys(settings)
        except CommandError as error:
            yield Finding("key", "key file", PROBLEM, str(error))
            return
        text = f"{file}, mode {mode:04o}, key id {used.key_id}"
        yield Finding("key", "key file", OK, text)


def store(settings: Settings) -> Iterator[Finding]:
    """Check that the store can be read, and what waits to be written to it."""
    from sst_otel.audit.journal import SUFFIX
    from sst_otel.audit.store import Store

    spool = settings.spool_dir
    if spool.exists() and not os.access(spool, os.W_OK | os.X_OK):
        yield Finding("store", "journals", PROBLEM, f"{spool} cannot be written to")
    try:
        opening.require_store(settings)
        with opening.reader(settings) as reader:
            recipients = reader.summary(None)["recipients"]
        count = sum(int(one["count"]) for one in recipients)
        text = f"readable, {count:,} shares with {len(recipients):,} recipients"
        yield Finding("store", "database", OK, text)
    except CommandError as error:
        file = opening.database_file(settings.database_url)
        fresh = file is not None and not file.exists()
        yield Finding("store", "database", NOTE if fresh else PROBLEM, str(error))
        return
    journals = {path.name: path.stat().st_size for path in spool.glob(f"*{SUFFIX}")}
    opened = Store(settings.database_url)
    try:
        read = opened.positions()
    except Exception as error:
        text = f"cannot be written: {opening.reason(error)}; the journals keep what is new"
        yield Finding("store", "database", PROBLEM, text)
        return
    finally:
        opened.close()
    waiting = sum(max(0, size - read.get(name, 0)) for name, size in journals.items())
    text = f"{len(journals)} in {spool}, {waiting:,} bytes not yet in the database"
    yield Finding("store", "journals", NOTE if waiting else OK, text)


def pages(settings: Settings) -> Iterator[Finding]:
    """Check who can see the pages."""
    if not settings.pages:
        yield Finding("pages", "SST_PAGES", NOTE, "off: no pages beside the application")
    if settings.staff_token is None:
        text = "not set: people see their own rows, nobody sees all"
        yield Finding("pages", "SST_STAFF_TOKEN", NOTE, text)
    else:
        yield Finding("pages", "SST_STAFF_TOKEN", OK, "set")


def watched(settings: Settings) -> Iterator[Finding]:
    """Say which files and loggers are looked at."""
    if settings.files:
        yield Finding("files", "SST_FILES", OK, f"watched: {', '.join(settings.files)}")
    else:
        text = "not set: what is written to files is not looked at"
        yield Finding("files", "SST_FILES", NOTE, text)
    if settings.logs:
        yield Finding("files", "SST_LOGS", OK, f"looked at: {', '.join(settings.logs)}")
    else:
        text = "not set: what is written to logs is not looked at"
        yield Finding("files", "SST_LOGS", NOTE, text)


def processes(settings: Settings) -> Iterator[Finding]:
    """Tell what each tracked process covers and skips, from its status record."""
    records = read_all(settings.spool_dir)
    if not records:
        yield Finding(
            "processes",
            "tracked",
            NOTE,
            f"none runs with its journals in {settings.spool_dir}",
        )
    for record in records:
        yield from _process(record)


def _process(record: dict[str, Any]) -> Iterator[Finding]:
    subject = f"{record.get('command') or 'python'} {record['pid']}"
    hooks = record.get("hooks") or []
    minutes = max(0, int(time.time() - float(record.get("started") or time.time()))) // 60
    yield Finding(
        "processes",
        subject,
        OK if hooks else NOTE,
        f"up {minutes} min, Python {record.get('python')}, {len(hooks)} hooks, "
        f"{record.get('modules_rewritten', 0)} modules followed, "
        f"{record.get('values', 0)} values in memory",
    )
    if hooks:
        yield Finding("processes", subject, OK, HOOKED + ", ".join(map(str, hooks)))
    for place, count in sorted((record.get("errors") or {}).items()):
        text = f"{count} failures of ours at {place}; the application was not affected"
        yield Finding("processes", subject, PROBLEM, text)
