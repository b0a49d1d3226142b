"""What was not followed, and what to do about it: the last section of ``sst-otel doctor``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sst_otel import missed
from sst_otel.cli.checks import NOTE, Finding
from sst_otel.cli.paragraphs import indented
from sst_otel.settings import Settings
from sst_otel.status import read_all

AREA = "not followed"
_LISTED = 5
"""Names of one kind that are shown; the rest is a number."""

_WHAT = {
    missed.MARKS: (
        "requests tagged more values than are kept at once",
        "what they computed after that is told by its content only; name the packages whose "
        "computed values matter in SST_LINEAGE, or load fewer rows at once",
    ),
    missed.OPERATIONS: (
        "requests computed more with tagged values than is looked into",
        "what they computed after that is told by its content only; name the packages whose "
        "computed values matter in SST_LINEAGE",
    ),
    missed.LOST: (
        "results of functions that are unknown here",
        "say what such a result is with sst_otel.tag(value, data_type) where it matters",
    ),
    missed.UNREAD: (
        "parts of messages going out were too long or too deep to be read",
        "they may hold more; such shares have sst.unread in their metadata",
    ),
    missed.SCOPES: (
        "requests were forgotten while threads that they had started were still running",
        "what those threads send is told by its content only; start them outside of requests",
    ),
    missed.OUTPUTS: (
        "digests of tagged values were not remembered, because there were too many",
        "send them in smaller batches, or name the package that makes them in SST_LINEAGE",
    ),
    missed.EVICTED: (
        "values were forgotten before their time, because there were too many",
        "raise SST_REGISTRY_VALUES",
    ),
    missed.FIELDS: (
        "forms or documents coming in had more fields than are looked at",
        "say what is in the rest with sst_otel.tag(value, data_type)",
    ),
    missed.DEPTH: (
        "documents coming in were nested deeper than is looked at",
        "say what is in there with sst_otel.tag(value, data_type)",
    ),
    missed.FACTORY: (
        "times the application's own class stood where ours would, and was left alone",
        "rows it reads are not tagged; tag what matters with sst_otel.tag(value, data_type)",
    ),
    missed.STATEMENTS: (
        "SQL texts that name something personal were too long to be parsed, or not understood",
        "rows they give are not tagged; tag what matters with sst_otel.tag(value, data_type)",
    ),
    missed.HOOK: (
        "functions that are hooked are not in the installed version of their library",
        "use a version that is covered (above), or tell us",
    ),
    missed.TAKEN: (
        "functions had been taken by name before tracking started",
        "what is done through those names passes unseen; start with opentelemetry-instrument, or "
        "call sst_otel.start_tracking() before the imports",
    ),
    missed.BARE: (
        "shares left by connections that no sink knows",
        "they are told as `socket`, with the host's name and without fields or operation",
    ),
    missed.SEALED: (
        "connections were written to by what encrypts by itself",
        "what left by them is unseen",
    ),
}
_MODULES = "what they compute is told by its content only"
_REASONS = {
    "imported before tracking started": "start with opentelemetry-instrument, or call "
    "sst_otel.start_tracking() before they are imported",
    "run as a script, not imported": "start it as a module: python -m NAME",
}


def gaps(settings: Settings) -> Iterator[Finding]:
    """Yield what each tracked process did not follow, the most frequent first."""
    for record in read_all(settings.spool_dir):
        subject = f"{record.get('command') or 'python'} {record['pid']}"
        found = [*_counted(record.get("missed")), *_skipped(record.get("modules_skipped"))]
        for _, text in sorted(found, key=lambda one: -one[0]):
            yield Finding(AREA, subject, NOTE, text)


def section(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of the section for people; nothing where there is nothing to say."""
    subject = ""
    for row in rows:
        if not subject:
            yield "What was not followed"
        if row["subject"] != subject:
            subject = row["subject"]
            yield f"  {subject}"
        yield from indented(row["detail"], "    - ")


def _counted(kinds: Any) -> Iterator[tuple[int, str]]:
    if not isinstance(kinds, Mapping):
        return
    for kind, names in kinds.items():
        if not isinstance(names, Mapping):
            continue
        numbers = {str(name): n for name, n in names.items() if type(n) is int and n > 0}
        total = sum(numbers.values())
        if total:
            what, advice = _WHAT.get(kind, (f"times: {kind}", ""))
            ranked = sorted(numbers, key=lambda name: (-numbers[name], name))
            which = _which([f"{name} {numbers[name]:,}" for name in ranked if name])
            yield total, f"{total:,} {what}{which}" + (f": {advice}" if advice else "")


def _skipped(modules: Any) -> Iterator[tuple[int, str]]:
    if not isinstance(modules, Mapping):
        return
    by_reason: dict[str, list[str]] = {}
    for name, reason in modules.items():
        by_reason.setdefault(str(reason), []).append(str(name))
    for reason, names in by_reason.items():
        number = len(names)
        what = "module is not followed" if number == 1 else "modules are not followed"
        advice = _REASONS.get(reason, _MODULES)
        yield number, f"{number:,} {what} ({reason}){_which(sorted(names))}: {advice}"


def _which(names: list[str]) -> str:
    if not names:
        return ""
    shown = ", ".join(names[:_LISTED])
    rest = len(names) - _LISTED
    return f" ({shown} and {rest:,} more)" if rest > 0 else f" ({shown})"
