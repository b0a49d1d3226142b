"""Whether the record is complete: what waits, what was put aside, what is known to be lost."""

from __future__ import annotations

from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard

from tools.grafana.panels import lines, number, place, rows
from tools.grafana.targets import promql
from tools.grafana.variables import built, metrics, new_dashboard

_LAG = "SELECT lag_seconds FROM report_pipeline"
_DEAD = "SELECT dead_letters FROM report_pipeline"
_GAPS = "SELECT gaps FROM report_pipeline"
_STATE = """
    SELECT last_event, last_received, lag_seconds, dead_letters, last_dead_letter, gaps, last_gap,
           last_seal, last_verified, verified_problems
    FROM report_pipeline
"""
_SINCE_RECEIVED = """
    SELECT extract(epoch FROM now() - last_received)::double precision AS seconds
    FROM report_pipeline
"""


def dashboard() -> Dashboard:
    """Return the dashboard."""
    panels = [
        number(
            "How late did the newest event come?",
            "From the call to the store. More than a minute says that something waits.",
            _LAG,
            place(0, 0, 6, 4),
            unit=units.Seconds,
            limits=[(60, "orange"), (600, "red")],
        ),
        number(
            "Since when did nothing come?",
            "Since the newest event was stored; a quiet site is no fault.",
            _SINCE_RECEIVED,
            place(6, 0, 6, 4),
            unit=units.Seconds,
        ),
        number(
            "How many records were put aside?",
            "Dead letters: records that could not be read or that the database refused.",
            _DEAD,
            place(12, 0, 6, 4),
            limits=[(1, "red")],
        ),
        number(
            "How many gaps are there?",
            "Times when a process had to drop records, and said so; sst-otel doctor lists them.",
            _GAPS,
            place(18, 0, 6, 4),
            limits=[(1, "red")],
        ),
        rows(
            "What does the store say of itself?",
            "One row; last_seal is empty where batches are not sealed, last_verified where "
            "sst-otel verify never ran.",
            _STATE,
            place(0, 4, 24, 4),
        ),
        lines(
            "How full is the collector's queue?",
            "Events that the collector has taken and not delivered; full, senders wait.",
            [
                promql(
                    "max by (exporter) (otelcol_exporter_queue_size"
                    " / otelcol_exporter_queue_capacity)",
                    "{{exporter}}",
                )
            ],
            place(0, 8, 12, 8),
            unit=units.PercentUnit,
        ),
        lines(
            "Does the collector deliver?",
            "Log records a second: sent, failed (dropped for good), refused at the door.",
            [
                promql("sum(rate(otelcol_exporter_sent_log_records[5m]))", "sent"),
                promql("sum(rate(otelcol_exporter_send_failed_log_records[5m]))", "failed", "B"),
                promql("sum(rate(otelcol_receiver_refused_log_records[5m]))", "refused", "C"),
            ],
            place(12, 8, 12, 8),
            unit=units.CountsPerSecond,
        ),
        lines(
            "What does the ingest take?",
            "Audit records a second by kind, and those put aside.",
            [
                promql("sum by (kind) (rate(sst_ingest_records_total[5m]))", "{{kind}}"),
                promql("sum(rate(sst_ingest_dead_letters_total[5m]))", "dead letters", "B"),
            ],
            place(0, 16, 12, 8),
            unit=units.CountsPerSecond,
        ),
        lines(
            "How late are records at the ingest?",
            "Age of the newest record of a request when it was stored.",
            [promql("max(sst_ingest_lag_seconds)", "lag")],
            place(12, 16, 12, 8),
            unit=units.Seconds,
        ),
        lines(
            "What is up?",
            "1 while Prometheus reaches it.",
            [promql("min by (job) (up)", "{{job}}")],
            place(0, 24, 24, 6),
            unit=units.Short,
        ),
    ]
    made = new_dashboard(
        "sst-pipeline",
        "Personal data: pipeline",
        "Whether the record is complete: lag, queue, dead letters, gaps, the last seal.",
        "6h",
        panels,
    )
    return built(made.with_variable(metrics()).refresh("1m"))
