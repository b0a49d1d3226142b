"""What ``sst-otel doctor`` says of OpenTelemetry: exporters, redaction, propagators, names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.metadata import entry_points
from importlib.util import find_spec

from sst_otel.cli.checks import NOTE, OK, PROBLEM, Finding
from sst_otel.cli.pipeline import Pipeline, exporter_variable
from sst_otel.settings import Settings
from sst_otel.telemetry.vendors import PACKAGES

AREA = "telemetry"
_PULLED = "prometheus"
_CARRIES = {
    "traces": "events on client spans",
    "metrics": "counts such as sst.shares",
    "logs": "events as log records",
}
_MODES = frozenset({"http", "http/dup", "database", "database/dup", "gen_ai_latest_experimental"})
_JOINING = "tracecontext"
_JOIN_ALIKE = frozenset({"b3", "b3multi", "jaeger", "xray"})
"""Propagators whose traces a trusted service reads if it has the same one."""
_NEVER = frozenset({"always_off", "parentbased_always_off"})
_SAMPLER = "OTEL_TRACES_SAMPLER"
_SEMCONV = "OTEL_SEMCONV_STABILITY_OPT_IN"


def telemetry(settings: Settings, found: Pipeline) -> Iterator[Finding]:
    """Say what is exported, what is taken out of it, and what goes to other services."""
    for signal, names in found.exporters.items():
        yield _exported(signal, names, found)
    yield from _sampled(found)
    yield _redaction(settings)
    for name in sorted(filter(find_spec, PACKAGES)):
        text = "what its SDK exports for its own product is a share: told, and sent as it is"
        yield Finding(AREA, name, OK, text)
    yield _propagators(found)
    yield _names()


def services(settings: Settings, found: Pipeline) -> Iterator[Finding]:
    """Say who is told whose data a call carries, and whether it can be."""
    hosts = settings.trusted_hosts
    subject = "SST_TRUSTED_HOSTS"
    if not hosts:
        text = "not set: nobody is told whose data a call carries; name services of yours that may"
        yield Finding("services", subject, OK, text)
        return
    text = (
        f"told, in baggage, whose data a call carries: {', '.join(hosts)}; they need the same key "
        "(compare the key id below)"
    )
    yield Finding("services", subject, OK, text)
    if "*" in hosts:
        text = "* trusts everybody who is called, vendors too: name your own hosts instead"
        yield Finding("services", subject, NOTE, text)
    if _JOINING not in found.propagators:
        place = "propagator: of the file" if found.of_file else "OTEL_PROPAGATORS"
        alike = ", ".join(name for name in found.propagators if name in _JOIN_ALIKE)
        if alike:
            text = (
                f"believed by those that have {alike} too, of sampled spans; add {_JOINING} to "
                f"{place} for all others"
            )
            yield Finding("services", subject, NOTE, text)
        else:
            text = f"they cannot believe it, as no trace joins them: add {_JOINING} to {place}"
            yield Finding("services", subject, PROBLEM, text)
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        text = "nothing is told to them without spans: take OTEL_SDK_DISABLED away"
        yield Finding("services", subject, PROBLEM, text)


def _exported(signal: str, names: tuple[str, ...], found: Pipeline) -> Finding:
    carried = _CARRIES[signal]
    if not names:
        why = "the file names no exporter" if found.of_file else f"{exporter_variable(signal)}=none"
        text = f"not exported ({why}): {carried} go nowhere; the audit log is written"
        return Finding(AREA, signal, NOTE, text)
    kinds = []
    for name in names:
        if found.of_file:
            kinds.append(name)
            continue
        point = next(iter(entry_points(group=f"opentelemetry_{signal}_exporter", name=name)), None)
        if point is None:
            text = (
                f"{exporter_variable(signal)}: no package here has the exporter {name}, so "
                "OpenTelemetry does not start, and tracking neither: install it, or name another"
            )
            return Finding(AREA, signal, PROBLEM, text)
        kinds.append(f"{name} ({point.value.rpartition(':')[2]})")
    says = ", as the file says" if found.of_file else ""
    text = f"exported by {', '.join(kinds)}{says}: {carried}"
    if _PULLED in names:
        text += "; what Prometheus asks for is not redacted: use no personal values as attributes"
        return Finding(AREA, signal, NOTE, text)
    return Finding(AREA, signal, OK, text)


def _sampled(found: Pipeline) -> Iterator[Finding]:
    sampler = os.environ.get(_SAMPLER, "").strip()
    if sampler in _NEVER and not found.of_file:
        text = (
            f"{sampler}: no spans, so no events on them; log records and the audit log are written "
            "all the same"
        )
        yield Finding(AREA, _SAMPLER, NOTE, text)


def _redaction(settings: Settings) -> Finding:
    if not settings.redact:
        text = (
            "off: URLs, SQL, exceptions and log texts are exported with the personal values in "
            "them; set it to on"
        )
        return Finding(AREA, "SST_REDACT", NOTE, text)
    text = (
        "on: known personal values, in clear, encoded or hashed, are replaced in all spans, log "
        "records and metrics that exporters get"
    )
    return Finding(AREA, "SST_REDACT", OK, text)


def _propagators(found: Pipeline) -> Finding:
    subject = "propagators"
    place = "the file" if found.of_file else "OTEL_PROPAGATORS"
    if not found.propagators:
        text = (
            f"none ({place}): traces end at each service; requests are not harmed while tracking "
            "runs, without it OpenTelemetry fails them; name tracecontext,baggage to join them"
        )
        return Finding(AREA, subject, NOTE, text)
    listed = ", ".join(found.propagators)
    known = {point.name for point in entry_points(group="opentelemetry_propagator")}
    missing = sorted({*found.propagators} - known)
    if missing:
        text = (
            f"{place}: no package here has {', '.join(missing)}, so OpenTelemetry does not start, "
            "and tracking neither: install it, or take it out"
        )
        return Finding(AREA, subject, PROBLEM, text)
    fenced = "entries of ours go to SST_TRUSTED_HOSTS only, those of others as ever"
    if "sst" in found.propagators:
        return Finding(AREA, subject, OK, f"{listed}: {fenced}, also where tracking is off")
    return Finding(AREA, subject, OK, f"{listed}, fenced when tracking starts: {fenced}")


def _names() -> Finding:
    """Say which names of attributes the instrumentations of other libraries use."""
    said = {name.strip() for name in os.environ.get(_SEMCONV, "").split(",")} - {""}
    unknown = sorted(said - _MODES)
    if unknown:
        text = f"{', '.join(unknown)} is not known and changes nothing; use http,database"
        return Finding(AREA, _SEMCONV, NOTE, text)
    if not said:
        text = (
            "not set: instrumentations write the old names (http.url, db.statement) beside our "
            "stable ones; http,database gives the same names everywhere"
        )
        return Finding(AREA, _SEMCONV, OK, text)
    listed = ", ".join(sorted(said))
    text = f"{listed}: instrumentations write these; ours are the stable ones always"
    return Finding(AREA, _SEMCONV, OK, text)
