"""The provisioning files have the keys that Grafana's documentation names, and fit each other.

https://grafana.com/docs/grafana/latest/administration/provisioning/ and
https://grafana.com/docs/grafana/latest/alerting/set-up/provision-alerting-resources/
file-provisioning/; an unknown key is ignored there without a word.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.grafana.committed import DASHBOARDS, PROVISIONING, ROOT, RULES

SOURCES = {one["name"]: one for one in PROVISIONING["datasources/sst.yaml"]["datasources"]}
_SOURCE_KEYS = {
    *(
        "name",
        "type",
        "uid",
        "orgId",
        "access",
        "url",
        "user",
        "database",
        "basicAuth",
        "isDefault",
    ),
    *("basicAuthUser", "withCredentials", "jsonData", "secureJsonData", "version", "editable"),
}
_JSON_KEYS = {
    "grafana-postgresql-datasource": {
        *("database", "sslmode", "postgresVersion", "timescaledb", "maxOpenConns", "maxIdleConns"),
        *("maxIdleConnsAuto", "connMaxLifetime", "timeInterval", "tlsConfigurationMethod"),
        *("sslRootCertFile", "sslCertFile", "sslKeyFile"),
    },
    "prometheus": {"httpMethod", "timeInterval", "queryTimeout", "prometheusType"},
}
_PROVIDER_KEYS = {
    *("name", "orgId", "folder", "folderUid", "type", "disableDeletion", "updateIntervalSeconds"),
    *("allowUiUpdates", "options"),
}
_RULE_KEYS = {
    *("uid", "title", "condition", "data", "dashboardUid", "panelId", "noDataState"),
    *("execErrState", "for", "keep_firing_for", "annotations", "labels", "isPaused", "record"),
    *("notification_settings", "missing_series_evals_to_resolve"),
}
_QUERY_KEYS = {"refId", "queryType", "relativeTimeRange", "datasourceUid", "model"}
_VARIABLE = re.compile(r"\$(\w+|\{\w+\})")


def test_files_begin_with_the_version() -> None:
    assert len(PROVISIONING) == 4
    assert {file["apiVersion"] for file in PROVISIONING.values()} == {1}


@pytest.mark.parametrize("name", SOURCES)
def test_data_sources(name: str) -> None:
    source = SOURCES[name]
    assert set(source) <= _SOURCE_KEYS
    assert set(source["jsonData"]) <= _JSON_KEYS[source["type"]]
    assert source["editable"] is False


def test_data_sources_are_those_that_dashboards_begin_with() -> None:
    named = {
        (variable["query"], variable["current"]["value"])
        for dashboard in DASHBOARDS.values()
        for variable in dashboard["templating"]["list"]
        if variable["type"] == "datasource"
    }
    assert named == {(source["type"], source["uid"]) for source in SOURCES.values()}


def test_no_password_is_in_the_files() -> None:
    [password] = SOURCES["Audit store"]["secureJsonData"].values()
    assert password.startswith("$__file{/run/secrets/")


def test_dashboards() -> None:
    file = PROVISIONING["dashboards/sst.yaml"]
    [provider] = file["providers"]
    assert set(file) == {"apiVersion", "providers"}
    assert set(provider) <= _PROVIDER_KEYS
    assert set(provider["options"]) <= {"path", "foldersFromFilesStructure"}
    assert provider["allowUiUpdates"] is False


@pytest.mark.parametrize("uid", RULES)
def test_rules(uid: str) -> None:
    rule = RULES[uid]
    assert set(rule) <= _RULE_KEYS
    assert re.fullmatch(r"[\w-]{1,40}", uid)
    query, threshold = rule["data"]
    assert set(query) | set(threshold) <= _QUERY_KEYS
    assert query["datasourceUid"] == SOURCES["Audit store"]["uid"]
    assert threshold["datasourceUid"] == "__expr__"
    assert threshold["model"]["expression"] == query["refId"]
    assert rule["condition"] == threshold["refId"]
    assert rule["noDataState"] in ("OK", "Alerting", "NoData", "KeepLast")
    assert rule["execErrState"] in ("OK", "Alerting", "Error", "KeepLast")


@pytest.mark.parametrize("uid", RULES)
def test_a_rule_tells_only_of_labels_that_it_has(uid: str) -> None:
    rule = RULES[uid]
    columns = rule["data"][0]["model"]["rawSql"].split("FROM")[0]
    for label in re.findall(r"\.Labels\.(\w+)", str(rule["annotations"])):
        assert re.search(rf"\b{label}\b", columns)


def test_rules_hold_no_dollar_that_grafana_would_take_for_a_variable() -> None:
    assert "$" not in (ROOT / "provisioning/alerting/rules.yaml").read_text("utf-8")


def test_rules_go_to_the_contact_point_that_is_there() -> None:
    file = PROVISIONING["alerting/contact.yaml"]
    [point] = file["contactPoints"]
    assert set(file) == {"apiVersion", "contactPoints"}
    assert set(point) == {"orgId", "name", "receivers"}
    [receiver] = point["receivers"]
    assert set(receiver) == {"uid", "type", "disableResolveMessage", "settings"}
    settings: dict[str, Any] = receiver["settings"]
    assert set(settings) <= {"url", "httpMethod", "username", "password", "maxAlerts"}
    assert {rule["notification_settings"]["receiver"] for rule in RULES.values()} == {point["name"]}


def test_groups_and_the_dashboards_share_a_folder() -> None:
    file = PROVISIONING["alerting/rules.yaml"]
    assert set(file) == {"apiVersion", "groups"}
    [group] = file["groups"]
    assert set(group) == {"orgId", "name", "folder", "interval", "rules"}
    [provider] = PROVISIONING["dashboards/sst.yaml"]["providers"]
    assert group["folder"] == provider["folder"]
