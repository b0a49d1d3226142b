"""What the ingest refuses, and what it asks for again; never 500."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

from sst_otel import guard
from sst_otel.audit.ingest import application, bodies
from sst_otel.settings import Settings
from tests.audit.ingest.client import Client, rows, some

SURROGATE = rb'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":"\ud800"}]}]}]}'
"""At which protobuf's reader raises SystemError."""


class TestRefused:
    @pytest.mark.parametrize(
        ("status", "body", "environ"),
        [
            (400, b"\xff\xff", {}),
            (400, b"{", {"CONTENT_TYPE": "application/json"}),
            (400, b"[]", {"CONTENT_TYPE": "application/json"}),
            (400, b'{"resourceLogs": 3}', {"CONTENT_TYPE": "application/json"}),
            (400, b"[" * 100_000, {"CONTENT_TYPE": "application/json"}),
            (400, SURROGATE, {"CONTENT_TYPE": "application/json"}),
            (400, b"no gzip", {"HTTP_CONTENT_ENCODING": "gzip"}),
            (400, gzip.compress(b"x" * 999, mtime=0)[:-12], {"HTTP_CONTENT_ENCODING": "gzip"}),
            (400, b"", {"CONTENT_LENGTH": "many"}),
            (400, b"short", {"CONTENT_LENGTH": "99"}),
            (404, b"", {"PATH_INFO": "/v1/metrics"}),
            (405, b"", {"REQUEST_METHOD": "GET"}),
            (413, b"", {"CONTENT_LENGTH": str(application.MAX_BODY + 1)}),
            (415, b"", {"CONTENT_TYPE": "text/plain"}),
            (415, b"", {"HTTP_CONTENT_ENCODING": "br"}),
        ],
    )
    def test_what_no_repetition_makes_better(
        self, status: int, body: bytes, environ: dict[str, str], client: Client
    ) -> None:
        assert client(body, **environ)[0] == status

    def test_a_bomb(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(application, "MAX_PLAIN", 100_000)
        body = gzip.compress(b"\0" * 10_000_000)
        assert client(body, HTTP_CONTENT_ENCODING="gzip")[0] == 413
        assert len(bodies.plain(gzip.compress(b"\0" * 100_000), "gzip", 100_000)) == 100_000

    def test_who_has_no_token(self, settings: Settings) -> None:
        client = Client(settings.database_url, "old-token", "new-token")
        body = some(1).SerializeToString()
        for given in (
            "",
            "Bearer",
            "Bearer wrong",
            "Basic new-token",
            "Bearer new-token-",
            "Bearer ü",
        ):
            status, headers, _ = client(body, HTTP_AUTHORIZATION=given)
            assert (status, headers["WWW-Authenticate"]) == (401, "Bearer"), given
        assert client(path="/metrics", method="GET")[0] == 401
        assert client(path="/healthz", method="GET")[0] == 200
        for token in ("old-token", "new-token"):
            assert client(body, HTTP_AUTHORIZATION=f"Bearer {token}")[0] == 200


class TestTrouble:
    def test_a_database_that_is_away_is_503_until_it_is_back(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        blocked = tmp_path / "audit.db"
        blocked.mkdir()  # no file can be made there
        client = Client(f"sqlite:///{blocked}")
        body = some().SerializeToString()
        status, headers, _ = client(body)
        assert (status, headers["Retry-After"]) == (503, "5")
        assert client(path="/healthz", method="GET")[0] == 503
        assert "could not be stored (OperationalError); it will come again" in caplog.text
        blocked.rmdir()
        assert client(body)[0] == 200
        assert client(path="/healthz", method="GET")[:1] == (200,)

    def test_whatever_fails_is_503(
        self, client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def failing(_found: object) -> int:
            raise KeyError("secret")

        body = some().SerializeToString()
        with monkeypatch.context() as patch:
            patch.setattr(client.app._store, "keep", failing)
            status, _, said = client(body)
        assert (status, b"secret" in said) == (503, False)
        assert client(body)[0] == 200
        assert len(rows(settings)) == 3

    def test_a_server_that_is_ending(self, client: Client, settings: Settings) -> None:
        client.app.stopping = True
        assert client(some().SerializeToString())[0] == 503
        assert client(path="/healthz", method="GET")[0] == 503

    def test_damaged_requests_are_200_or_400(self, client: Client) -> None:
        chance = random.Random(5)
        whole = some().SerializeToString()
        seen = set()
        for _ in range(600):
            body = bytearray(whole)
            for _ in range(chance.choice((1, 1, 2, 8))):
                place = chance.randrange(len(body))
                kind = chance.randrange(3)
                if kind == 0:
                    body[place] = chance.randrange(256)
                elif kind == 1:
                    del body[place : place + chance.randrange(1, 30)]
                else:
                    body[place:place] = chance.randbytes(chance.randrange(1, 9))
                if not body:
                    break
            seen.add(client(bytes(body))[0])
        assert seen == {200, 400}
        assert guard.error_counts() == {}
