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

from sst_otel.cli import opening
from sst_otel.cli.errors import CommandError
from sst_otel.settings import Settings

OK = "ok"
NOTE = "note"
"""Worth knowing: something is not covered, or not there yet."""
PROBLEM = "problem"
"""Something that was meant to work does not; exit code 1."""

_OF_GEVENT = (
    ("gunicorn", "-k", "HTTPS fails (RecursionError)"),
    ("celery", "-P", "no task is taken"),
)
_PATCH_ALL = "patch_all"
_GEVENT_PATCH = "OTEL_PYTHON_AUTO_INSTRUMENTATION_EXPERIMENTAL_GEVENT_PATCH"


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
        text = "opentelemetry-instrument is not installed: pip install opentelemetry-distro"
        yield Finding("start", "launcher", PROBLEM, text)
    if settings.disabled:
        yield Finding("start", "SST_DISABLED", PROBLEM, "tracking is switched off; unset it")
    disabled = os.environ.get("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "")
    names = {name.strip() for name in disabled.split(",")}
    if names & {"sst", "*"}:
        text = "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS switches tracking off; take sst or * out"
        yield Finding("start", "disabled", PROBLEM, text)
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        text = "no spans and no events on spans; the audit log is written all the same"
        yield Finding("start", "OTEL_SDK_DISABLED", NOTE, text)
    yield from _gevent()


def _gevent() -> Iterator[Finding]:
    """Say what OpenTelemetry's launcher needs where somebody may start gevent's workers."""
    from importlib.util import find_spec

    here, patch = find_spec("gevent") is not None, os.environ.get(_GEVENT_PATCH)
    if patch is None:
        for name, option, harm in _OF_GEVENT:
            if here and find_spec(name):
                text = (
                    f"{harm} there, because opentelemetry-instrument loads modules before "
                    f"gevent patches them; set {_GEVENT_PATCH}=patch_all for it"
                )
                yield Finding("start", f"{name} {option} gevent", NOTE, text)
        return
    if patch != _PATCH_ALL:
        state, text = (
            PROBLEM,
            f"{_GEVENT_PATCH} changes nothing but as {_PATCH_ALL}: set it to that",
        )
    elif not here:
        state = PROBLEM
        text = f"{_GEVENT_PATCH} is set, but gevent is not here: install it, or unset the variable"
    else:
        state = OK
        text = (
            f"{_GEVENT_PATCH}={_PATCH_ALL}: gevent patches before ssl is loaded, as its workers "
            "need it; leave it unset for other workers and commands"
        )
    yield Finding("start", "gevent", state, text)


def key(settings: Settings) -> Iterator[Finding]:
    """Check that the key is there, good and private."""
    if settings.key is not None:
        used = opening.keys(settings)
        yield Finding("key", "SST_KEY", OK, f"set, key id {used.key_id}")
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
    """Check that the store can be read, and say what it lacks."""
    file = opening.database_file(settings.database_url)
    fresh = file is not None and not file.exists()
    if settings.audit_endpoint is not None and fresh:
        text = "events go to SST_AUDIT_ENDPOINT; SST_DATABASE_URL can name where they are kept"
        yield Finding("store", "database", NOTE, text)
        return
    try:
        opening.require_store(settings)
        with opening.reader(settings) as reader:
            recipients = reader.summary(None)["recipients"]
            gaps = reader.gaps()
    except CommandError as error:
        yield Finding("store", "database", NOTE if fresh else PROBLEM, str(error))
        return
    count = sum(int(one["count"]) for one in recipients)
    text = f"readable, {number(count, 'share')} with {number(len(recipients), 'recipient')}"
    yield Finding("store", "database", OK, text)
    for gap in gaps:
        lost = ", ".join(f"{number(count, kind)}" for kind, count in gap["lost"].items())
        when = f"{_minute(gap['since'])} to {_minute(gap['until'])}"
        yield Finding("store", "gap", PROBLEM, f"lost {when}: {lost} ({gap['reason']})")


def number(count: int, noun: str) -> str:
    """Return a count with what is counted, in the singular where it is one."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def age(seconds: float) -> str:
    """Return how long something took or is ago, in the largest unit that it fills twice."""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * length:
            return number(int(seconds / length), unit)
    return number(int(seconds), "second")


def _minute(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at))


def pages(settings: Settings) -> Iterator[Finding]:
    """Check who can see the pages."""
    if not settings.pages:
        yield Finding("pages", "SST_PAGES", NOTE, "off: no pages beside the application")
    if settings.staff_token is None:
        text = "not set: people see their own rows, nobody sees all; set it for staff"
        yield Finding("pages", "SST_STAFF_TOKEN", NOTE, text)
    else:
        yield Finding("pages", "SST_STAFF_TOKEN", OK, "set")


def watched(settings: Settings) -> Iterator[Finding]:
    """Say which files and loggers are looked at."""
    if settings.files:
        yield Finding("files", "SST_FILES", OK, f"watched: {', '.join(settings.files)}")
    else:
        text = "not set: what is written to files is not looked at; name globs to look at"
        yield Finding("files", "SST_FILES", NOTE, text)
    if settings.logs:
        yield Finding("files", "SST_LOGS", OK, f"looked at: {', '.join(settings.logs)}")
    else:
        text = "not set: what is written to logs is not looked at; name loggers, or on"
        yield Finding("files", "SST_LOGS", NOTE, text)
