"""The alert rules on the audit store; those on the pipeline's metrics are Prometheus' own.

Grafana puts variables of the environment into what it provisions wherever a dollar sign stands, so
there is none here: no macros in the queries, ``.Labels`` in the texts.
"""

from __future__ import annotations

from grafana_foundation_sdk.builders import alerting, expr
from grafana_foundation_sdk.models.alerting import RelativeTimeRange, Rule
from grafana_foundation_sdk.models.common import DataSourceRef

from tools.grafana.categories import protected_types, sql_list
from tools.grafana.targets import AUDIT_UID, POSTGRESQL, Sql

FOLDER = "Personal data"
CONTACT = "sst"
_EXPRESSION = "__expr__"
_AUDIT = DataSourceRef(type_val=POSTGRESQL, uid=AUDIT_UID)
_SECONDS = 86_400
_DAY = "now() - interval '1 day'"

# Text columns become labels, the one number is what the threshold looks at. What is a day late in
# coming is still seen; a flow stops being new a day after its first event.
NEW_FLOW = f"""
    SELECT service, recipient, data_type, sum(events)::bigint AS events
    FROM report_flow_days
    WHERE data_type <> '' AND role <> 'first_party'
    GROUP BY service, recipient, data_type
    HAVING min(first_seen) > {_DAY}
    ORDER BY service, recipient, data_type
"""
UNKNOWN = f"""
    SELECT service, host, sum(events)::bigint AS events
    FROM report_flow_days
    WHERE recipient = 'unknown' AND data_type = ''
      AND day >= date_trunc('day', {_DAY}, 'UTC') AND last_seen > {_DAY}
    GROUP BY service, host
    ORDER BY service, host
"""
# Later than ten minutes, put aside within the hour, lost within the day. Empty intervals are sealed
# too, so an old seal says that nobody seals any more; where nobody ever did there is none. The same
# goes for verdicts; who verifies daily has some hours to do it in.
STALLED = f"""
    SELECT trouble, count(*) AS troubles
    FROM report_pipeline, LATERAL (VALUES
      ('events come late', lag_seconds > 600 AND last_received > now() - interval '1 hour'),
      ('records were put aside', last_dead_letter > now() - interval '1 hour'),
      ('records were lost', last_gap > {_DAY}),
      ('nothing is sealed any more', last_seal < now() - interval '1 hour'),
      ('nothing is verified any more', last_verified < now() - interval '30 hours')
    ) AS said (trouble, so)
    WHERE so
    GROUP BY trouble
    ORDER BY trouble
"""

# What sst-otel verify found when it ran last, if it ever did.
VERIFIED = """
    SELECT 'the audit log' AS store, verified_problems AS problems
    FROM report_pipeline
    WHERE verified_problems > 0
"""


def protected() -> str:
    """Return the query for what Art. 9 and 10 GDPR protect, at whoever is no processor."""
    return f"""
    SELECT service, recipient, data_type, sum(events)::bigint AS events
    FROM report_flow_days
    WHERE data_type IN ({sql_list(protected_types())})
      AND role IN ('third_party', 'unknown')
      AND day >= date_trunc('day', {_DAY}, 'UTC') AND last_seen > {_DAY}
    GROUP BY service, recipient, data_type
    ORDER BY service, recipient, data_type
"""


def rules() -> list[Rule]:
    """Return all rules."""
    return [
        _rule(
            "sst-new-flow",
            "New flow of personal data",
            NEW_FLOW,
            "{{ .Labels.service }} began to send {{ .Labels.data_type }} to "
            "{{ .Labels.recipient }}",
            "Is it meant to? The dashboard of new flows shows the first event.",
            "warning",
        ),
        _rule(
            "sst-unknown-recipient",
            "Personal data to an unknown recipient",
            UNKNOWN,
            "{{ .Labels.service }} sent personal data to {{ .Labels.host }}, which no entry of the "
            "register names",
            "Name it under recipients in sst.yaml, or find out why anything goes there.",
            "critical",
        ),
        _rule(
            "sst-protected-data",
            "Special-category data to a third party",
            protected(),
            "{{ .Labels.service }} sent {{ .Labels.data_type }} to {{ .Labels.recipient }}",
            "Art. 9 and 10 GDPR forbid this but for the exceptions that they name.",
            "critical",
        ),
        _rule(
            "sst-pipeline-stalled",
            "The record of shares is late or incomplete",
            STALLED,
            "Audit pipeline: {{ .Labels.trouble }}",
            "The pipeline dashboard and sst-otel doctor say where.",
            "critical",
        ),
        _rule(
            "sst-verification-failed",
            "The audit log is not as it was sealed",
            VERIFIED,
            "sst-otel verify found that {{ .Labels.store }} was changed",
            "Run sst-otel verify: it names the first event, and what was changed or is missing.",
            "critical",
        ),
    ]


def _rule(uid: str, title: str, sql: str, summary: str, description: str, severity: str) -> Rule:
    """Return a rule that fires for each row of ``sql``, at once and until it is gone."""
    query = Sql(sql, source=_AUDIT)
    threshold = expr.TypeThreshold().ref_id("B").expression("A")
    threshold.datasource(DataSourceRef(type_val=_EXPRESSION, uid=_EXPRESSION))
    above = expr.ExprTypeThresholdConditionsEvaluator().type("gt").params([0])
    threshold.conditions([expr.ExprTypeThresholdConditions().evaluator(above)])
    window = RelativeTimeRange(from_val=_SECONDS, to=0)
    made = alerting.Rule(title).uid(uid).condition("B").for_val("0s")
    made.with_query(
        alerting.Query("A").datasource_uid(AUDIT_UID).relative_time_range(window).model(query)
    )
    made.with_query(
        alerting.Query("B").datasource_uid(_EXPRESSION).relative_time_range(window).model(threshold)
    )
    made.no_data_state("OK").exec_err_state("Error").labels({"severity": severity})
    made.annotations({"summary": summary, "description": description})
    made.notification_settings(alerting.NotificationSettings().receiver(CONTACT))
    return made.build()
