"""The register: its file, who stands behind a host, and what a person reads."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

import sst_otel.recipients
from sst_otel.recipients.loading import load_yaml
from sst_otel.recipients.register import UNKNOWN, Register

ROOM = Path(sst_otel.recipients.__file__).parent


@pytest.fixture(scope="module")
def register() -> Register:
    return Register()


class TestFile:
    def test_fulfils_its_schema(self) -> None:
        schema = json.loads((ROOM / "register.schema.json").read_text())
        jsonschema.validate(load_yaml(ROOM / "register.yaml"), schema)

    def test_names_no_host_and_path_twice(self) -> None:
        places = []
        for entry in load_yaml(ROOM / "register.yaml"):
            hosts = entry["host"] if isinstance(entry["host"], list) else [entry["host"]]
            paths = entry.get("path", "")
            for host in hosts:
                places += [(host, path) for path in ([paths] if isinstance(paths, str) else paths)]
        assert len(places) == len(set(places))

    def test_is_found_by_every_host_and_path_it_names(self, register: Register) -> None:
        for entry in load_yaml(ROOM / "register.yaml"):
            hosts = entry["host"] if isinstance(entry["host"], list) else [entry["host"]]
            paths = entry.get("path", "/")
            for host in hosts:
                for path in [paths] if isinstance(paths, str) else paths:
                    concrete = path.replace("{", "").replace("}", "").replace("*", "1")
                    found = register.lookup(host.replace("*", "x"), concrete)
                    assert found.name == entry["name"], (host, path)
                    assert found.purpose == entry["purpose"], (host, path)


class TestLookup:
    @pytest.mark.parametrize(
        ("host", "path", "name", "purpose", "role", "country"),
        [
            ("api.groq.com", "/openai/v1/responses", "Groq", "llm", "processor", "US"),
            ("api.openai.com", "/v1/files", "OpenAI", "llm", "processor", "US"),
            ("bzr.openai.com", "/v1/events", "OpenAI", "advertising", "third_party", "US"),
            ("api.mistral.ai", "/v1/ocr", "Mistral AI", "llm", "processor", "FR"),
            ("graph.facebook.com", "/v21.0/1/events", "Meta", "advertising", "third_party", "US"),
            ("GRAPH.facebook.com.", "/v21.0/1/events", "Meta", "advertising", "third_party", "US"),
            ("www.google-analytics.com", "/mp/collect", "Google", "analytics", "processor", "US"),
            ("o1.ingest.de.sentry.io", "/", "Sentry", "error-monitoring", "processor", "US"),
            (
                "b.s3.eu-west-1.amazonaws.com",
                "/x",
                "Amazon Web Services",
                "storage",
                "processor",
                "US",
            ),
            (
                "email.eu-west-1.amazonaws.com",
                "/v2/email/outbound-emails",
                "Amazon Web Services",
                "communications",
                "processor",
                "US",
            ),
            ("stats.shop.example", "/matomo.php", "Matomo", "analytics", "unknown", "unknown"),
        ],
    )
    def test_names_the_organisation(
        self,
        register: Register,
        host: str,
        path: str,
        name: str,
        purpose: str,
        role: str,
        country: str,
    ) -> None:
        found = register.lookup(host, path)
        assert (found.name, found.purpose, found.role, found.country) == (
            name,
            purpose,
            role,
            country,
        )

    @pytest.mark.parametrize(
        ("host", "path"),
        [
            ("shop.example", "/v1/events"),
            ("google.com.example", "/search"),
            ("evil-api.groq.com.example", "/openai/v1/responses"),
            ("notfacebook.com", "/v21.0/1/events"),
            ("", ""),
            ("127.0.0.1", "/"),
            ("::1", "/"),
        ],
    )
    def test_says_unknown_where_it_does_not_know(
        self, register: Register, host: str, path: str
    ) -> None:
        assert register.lookup(host, path) == UNKNOWN

    def test_own_entries_win(self) -> None:
        register = Register(
            [
                {"host": "api.groq.com", "name": "Groq EU", "country": "DE"},
                {"host": "*.crm.example", "path": "/v1/*", "name": "Example CRM", "purpose": "crm"},
                {"host": "a.crm.example", "path": "/v1/*", "name": "A CRM"},
            ]
        )
        assert register.lookup("api.groq.com", "/openai/v1/responses").name == "Groq EU"
        assert register.lookup("api.groq.com", "/").purpose == "unknown"
        assert register.lookup("b.crm.example", "/v1/contacts").purpose == "crm"
        assert register.lookup("b.crm.example", "/v1").name == "Example CRM"
        assert register.lookup("b.crm.example", "/v2/contacts") == UNKNOWN
        assert register.lookup("a.crm.example", "/v1/contacts").name == "A CRM"

    def test_longer_path_wins(self) -> None:
        register = Register(
            [
                {"host": "api.example", "path": "/v1", "name": "short"},
                {"host": "api.example", "path": "/v1/ads/{id}", "name": "long"},
            ]
        )
        assert register.lookup("api.example", "/v1/ads/7").name == "long"
        assert register.lookup("api.example", "/v1/other").name == "short"
