"""The rules on the pipeline's metrics, by ``promtool test rules``."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from sst_otel.audit.ingest.counting import Counts
from tests.grafana.committed import promql

ROOT = Path(__file__).parents[2] / "prometheus"
[_GROUP] = yaml.safe_load((ROOT / "rules.yaml").read_text("utf-8"))["groups"]
RULES: dict[str, dict[str, Any]] = {rule["alert"]: rule for rule in _GROUP["rules"]}
CASES = [
    case
    for test in yaml.safe_load((ROOT / "rules.test.yaml").read_text("utf-8"))["tests"]
    for case in test["alert_rule_test"]
]
COLLECTOR = {
    "otelcol_exporter_queue_capacity",
    "otelcol_exporter_queue_size",
    "otelcol_exporter_send_failed_log_records",
    "otelcol_exporter_sent_log_records",
    "otelcol_receiver_accepted_log_records",
    "otelcol_receiver_refused_log_records",
}
"""As a collector 0.161 exposes them: counters without ``_total``."""


def promtool(*arguments: str) -> None:
    try:
        done = subprocess.run(
            ["promtool", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        pytest.fail("this test needs promtool (Debian: apt-get install prometheus)")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.stack
def test_they_fire_when_they_have_to_and_not_else() -> None:
    promtool("test", "rules", "rules.test.yaml")


@pytest.mark.stack
def test_prometheus_reads_its_configuration() -> None:
    promtool("check", "config", "--syntax-only", "prometheus.yaml")


@pytest.mark.parametrize("alert", RULES)
def test_each_has_a_case_of_both_kinds(alert: str) -> None:
    fires = {bool(case["exp_alerts"]) for case in CASES if case["alertname"] == alert}
    assert fires == {True, False}


@pytest.mark.parametrize("alert", RULES)
def test_each_says_how_bad_it_is_and_what_to_do(alert: str) -> None:
    rule = RULES[alert]
    assert rule["labels"]["severity"] in ("warning", "critical")
    assert set(rule["annotations"]) == {"summary", "description"}


def test_rules_and_panels_ask_for_metrics_that_there_are() -> None:
    exposed = set(re.findall(r"# TYPE (\w+)", Counts().exposed().decode()))
    asked = " ".join([*(rule["expr"] for rule in RULES.values()), *promql().values()])
    named = set(re.findall(r"\b(?:otelcol|sst)_\w+", asked))
    assert named <= exposed | COLLECTOR
    assert named & exposed
