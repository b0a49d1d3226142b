"""What ``sst-otel doctor`` says of the tracked processes, from the records that they keep."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from sst_otel.cli import opening
from sst_otel.cli.checks import NOTE, OK, PROBLEM, Finding
from sst_otel.cli.configuration import text_of
from sst_otel.cli.errors import CommandError
from sst_otel.settings import Settings, told, variable
from sst_otel.status import read_all

HOOKED = "hooked: "
"""How the detail begins that lists a process's hooks."""
_MISSING = {
    "traces": "events stand on no spans",
    "metrics": "nothing is counted",
    "logs": "events are no log records",
}
_OWN_WAY = frozenset({"spool_dir", "key_file", "service_name"})
"""Settings that say the same in other words (a relative path), or differ by service."""


def processes(settings: Settings) -> Iterator[Finding]:
    """Tell what each tracked process covers and skips, from its status record."""
    records = read_all(settings.spool_dir)
    if not records:
        yield Finding(
            "processes",
            "tracked",
            NOTE,
            f"none runs with its journals in {settings.spool_dir}; start the application with "
            "opentelemetry-instrument, and run this with its settings",
        )
    for record in records:
        yield from _process(record)
        yield from _telemetry(record)
        yield from _otherwise(record, settings)


def _process(record: Mapping[str, Any]) -> Iterator[Finding]:
    subject = _subject(record)
    hooks = record.get("hooks") or []
    now = time.time()
    minutes = max(0, int(now - float(record.get("started") or now))) // 60
    ago = max(0, int(now - float(record.get("written") or now)))
    yield Finding(
        "processes",
        subject,
        OK if hooks else NOTE,
        f"up {minutes} min, Python {record.get('python')}, {len(hooks)} hooks, "
        f"{record.get('modules_rewritten', 0)} modules followed, "
        f"{record.get('values', 0)} values in memory {ago} s ago",
    )
    if hooks:
        yield Finding("processes", subject, OK, HOOKED + ", ".join(map(str, hooks)))
    for place, count in sorted((record.get("errors") or {}).items()):
        text = f"{count} failures of ours at {place}; the application was not affected"
        yield Finding("processes", subject, PROBLEM, text)


def _telemetry(record: Mapping[str, Any]) -> Iterator[Finding]:
    """Say what the process has of OpenTelemetry, whatever the environment here says."""
    subject = _subject(record)
    for signal, there in (record.get("providers") or {}).items():
        if not there:
            text = f"no provider of {signal}: {_MISSING.get(signal)}; the audit log is written"
            yield Finding("processes", subject, NOTE, text)
    if (record.get("settings") or {}).get("redact"):
        names = ", ".join(record.get("exporters") or ()) or "none"
        yield Finding("processes", subject, OK, f"exporters loaded there, all redacted: {names}")
    headers = record.get("propagates")
    if headers is not None:
        fenced = "fenced" if record.get("fenced") else "not fenced, as somebody set another later"
        text = f"passes on {', '.join(headers) or 'no headers'}; {fenced}"
        yield Finding("processes", subject, OK if record.get("fenced") else PROBLEM, text)


def _otherwise(record: Mapping[str, Any], settings: Settings) -> Iterator[Finding]:
    """Say where a process runs with other settings than those in effect here."""
    subject = _subject(record)
    theirs, here = record.get("settings") or {}, told(settings)
    for name in here:
        if name in theirs and name not in _OWN_WAY and theirs[name] != here[name]:
            text = (
                f"runs with {variable(name)} = {text_of(theirs[name])}, here it is "
                f"{text_of(here[name])}: restart it, or run this with its settings"
            )
            yield Finding("processes", subject, NOTE, text)
    try:
        key_id = opening.keys(settings).key_id
    except CommandError:
        return  # said of the key itself
    if record.get("key_id") not in (None, key_id):
        text = (
            f"has another key ({record['key_id']}, here {key_id}): who its rows are about cannot "
            "be told here; give both the same SST_KEY or SST_KEY_FILE"
        )
        yield Finding("processes", subject, PROBLEM, text)


def _subject(record: Mapping[str, Any]) -> str:
    return f"{record.get('command') or 'python'} {record['pid']}"
