"""``docker-compose.yml`` and what it needs fit together; no engine is assumed."""

from __future__ import annotations

import re
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from sst_otel.settings import OPTIONS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ENV = dict(
    line.split("=", 1)
    for line in (ROOT / ".env").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
)
ENDS = {"roles", "accounts"}
"""Services that do one thing and end."""
NO_SHELL = {"collector"}
"""Images in which nothing could look after the service from inside."""
UNASKED = {"verifier"}
"""Services that nobody asks how they are: an alert of Grafana's looks for what they do."""
OF_COMPOSE = {"COMPOSE_PROJECT_NAME"}
_PINNED = re.compile(r"[\w./-]+:v?\d+(\.\d+)+[\w.-]*")
_OTEL_DEFAULTED = re.compile(r"\$\{env:(\w+)(:-[^}]*)?\}")


def environment(service: str) -> dict[str, str]:
    given: dict[str, str] = SERVICES[service].get("environment", {})
    return given


def mounts(service: str) -> list[tuple[str, str]]:
    return [
        (source, target)
        for source, target, *_ in (one.split(":") for one in SERVICES[service].get("volumes", ()))
    ]


@pytest.mark.stack
class TestByComposeItself:
    @staticmethod
    def config(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
        found = find_spec("compose")
        assert found is not None
        assert found.origin is not None
        program = Path(found.origin).with_name("docker-compose")
        file = folder / "docker-compose.yml"
        file.write_text(text, encoding="utf-8")
        words = [str(program), "--env-file", str(ROOT / ".env"), "--file", str(file)]
        return subprocess.run(
            [*words, "config", "--quiet"], capture_output=True, text=True, check=False
        )

    def test_it_is_valid(self, tmp_path: Path) -> None:
        done = self.config(tmp_path, TEXT)
        assert (done.returncode, done.stderr) == (0, "")

    @pytest.mark.parametrize(
        ("right", "wrong"),
        [("healthcheck:", "healthchek:"), ("secrets: [ingest_token]", "secrets: [ingest_tokn]")],
    )
    def test_a_mistake_is_found(self, tmp_path: Path, right: str, wrong: str) -> None:
        assert right in TEXT
        assert self.config(tmp_path, TEXT.replace(right, wrong, 1)).returncode != 0


class TestVariables:
    def test_each_is_in_env_and_each_of_env_is_used(self) -> None:
        used = set(re.findall(r"\$\{(\w+)\}", re.sub(r"\$\$", "", TEXT)))
        assert used == set(ENV) - OF_COMPOSE

    def test_none_of_env_is_taken_for_a_setting(self) -> None:
        # Flask reads .env files of the folders above an application.
        assert not [name for name in ENV if name.startswith(("SST_", "OTEL_", "FLASK_"))]

    def test_uv_is_the_makefiles(self) -> None:
        assert f"UV_VERSION := {ENV['UV_VERSION']}\n" in (ROOT / "Makefile").read_text("utf-8")

    def test_the_collector_is_the_one_that_is_built_for_tests(self) -> None:
        manifest = yaml.safe_load((ROOT / "collector/builder-config.yaml").read_text("utf-8"))
        assert ENV["COLLECTOR_IMAGE"].endswith(f":{manifest['dist']['version']}")


@pytest.mark.parametrize("name", SERVICES)
class TestServices:
    def test_its_version_is_pinned(self, name: str) -> None:
        service = SERVICES[name]
        if "build" in service:
            base = ENV[service["build"]["args"]["PYTHON_IMAGE"].strip("${}")]
            assert _PINNED.fullmatch(base)
            assert service["image"].endswith(":local")
        else:
            assert _PINNED.fullmatch(ENV[service["image"].strip("${}")])

    def test_it_has_limits_and_rotated_logs(self, name: str) -> None:
        limits = SERVICES[name]["deploy"]["resources"]["limits"]
        assert set(limits) == {"cpus", "memory"}
        assert set(SERVICES[name]["logging"]["options"]) == {"max-size", "max-file"}

    def test_it_says_whether_it_is_well(self, name: str) -> None:
        assert ("healthcheck" in SERVICES[name]) != (name in ENDS | NO_SHELL | UNASKED)

    def test_it_waits_for_what_can_be_waited_for(self, name: str) -> None:
        for other, how in SERVICES[name].get("depends_on", {}).items():
            expected = "service_healthy"
            if other in ENDS:
                expected = "service_completed_successfully"
            elif other in NO_SHELL:
                expected = "service_started"
            assert how["condition"] == expected

    def test_only_this_machine_reaches_it(self, name: str) -> None:
        for port in SERVICES[name].get("ports", ()):
            assert re.fullmatch(r"127\.0\.0\.1:\$\{\w+_PORT\}:\d+", port)

    def test_files_that_it_mounts_are_there_and_read_only(self, name: str) -> None:
        for mount in SERVICES[name].get("volumes", ()):
            source, _, *how = mount.split(":")
            if source.startswith("."):
                assert (ROOT / source).exists()
                assert how == ["ro"]
            else:
                assert source in COMPOSE["volumes"]

    def test_it_gets_the_secrets_that_it_reads_and_no_others(self, name: str) -> None:
        read = set(re.findall(r"/run/secrets/(\w+)", str(SERVICES[name])))
        for source, _ in mounts(name):
            path = ROOT / source
            files = [path] if path.is_file() else path.rglob("*.*") if path.is_dir() else []
            for file in files:
                read.update(re.findall(r"/run/secrets/(\w+)", file.read_text("utf-8")))
        assert read == set(SERVICES[name].get("secrets", ()))
        assert read <= set(COMPOSE["secrets"])

    def test_no_secret_stands_in_its_environment(self, name: str) -> None:
        for variable in environment(name):
            if re.search(r"TOKEN|PASSWORD|SECRET|_KEY", variable):
                assert variable.endswith("_FILE")


@pytest.mark.parametrize("name", ["site", "ingest", "pages", "roles", "sealer", "verifier"])
def test_our_settings_are_settings(name: str) -> None:
    known = {f"SST_{option.upper()}" for option in OPTIONS}
    for variable in environment(name):
        if variable.startswith("SST_"):
            assert {variable, variable.removesuffix("_FILE")} & known


@pytest.mark.parametrize(
    ("service", "files"),
    [
        ("collector", ["collector/config.yaml", "collector/tokens.yaml"]),
        ("jaeger", ["collector/jaeger/config.yaml"]),
    ],
)
def test_configurations_have_the_variables_that_they_want(service: str, files: list[str]) -> None:
    wanted, needed = set(), set()
    for file in files:
        for name, default in _OTEL_DEFAULTED.findall((ROOT / file).read_text("utf-8")):
            wanted.add(name)
            needed |= set() if default else {name}
    given = {name for name in environment(service) if name.startswith("SST_")}
    assert needed <= given <= wanted


def test_grafanas_files_have_the_variables_that_they_want() -> None:
    texts = [path.read_text("utf-8") for path in (ROOT / "grafana/provisioning").rglob("*.yaml")]
    wanted = set(re.findall(r"\$\{(\w+)\}", "".join(texts)))
    assert wanted == {name for name in environment("grafana") if name.startswith("SST_")}


def test_grafana_looks_for_dashboards_where_they_are_mounted() -> None:
    file = yaml.safe_load((ROOT / "grafana/provisioning/dashboards/sst.yaml").read_text("utf-8"))
    assert ("./grafana/dashboards", file["providers"][0]["options"]["path"]) in mounts("grafana")


def test_ports_are_those_that_the_files_listen_on() -> None:
    hosts = {
        "http://collector:4318": "SST_OTLP_HTTP_PORT:-4318",
        "http://collector:4328": "SST_AUDIT_PORT:-4328",
        "jaeger:14317": "SST_JAEGER_OTLP_PORT:-14317",
        "collector:8888": "SST_SELF_METRICS_PORT:-8888",
    }
    files = [*(ROOT / "collector").glob("*.yaml"), ROOT / "collector/jaeger/config.yaml"]
    listened = "".join(path.read_text("utf-8") for path in files)
    scraped = (ROOT / "prometheus/prometheus.yaml").read_text("utf-8")
    for address, port in hosts.items():
        assert address in TEXT + scraped
        assert port in listened


def test_nobody_but_the_sealer_can_read_its_key() -> None:
    having = [name for name in SERVICES if "seals" in str(SERVICES[name].get("volumes"))]
    assert having == ["sealer", "verifier"]
    assert "seals:/var/lib/sst-seals:ro" in SERVICES["verifier"]["volumes"]
    image = (ROOT / "docker/Dockerfile").read_text("utf-8")
    assert "useradd --uid 10001 " in image
    assert SERVICES["verifier"]["user"] == "10002:10002"
    assert "user" not in SERVICES["sealer"]
    assert "install -d -o sst -g sst -m 0755 /var/lib/sst-seals" in image
