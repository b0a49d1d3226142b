"""The stand-in answers the real SDKs as the vendors do, and forwards nothing."""

from __future__ import annotations

import gzip
import json
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import openai
import pytest
import requests

from examples.stand_in import VENDORS, StandIn, is_answering
from examples.stand_in.answers import ADVICE, answer


class TestVendorsThroughRealClients:
    def test_openai_responses_at_groq(self, stand_in: StandIn) -> None:
        with openai.OpenAI(base_url="https://api.groq.com/openai/v1", api_key="k") as client:
            response = client.responses.create(model="openai/gpt-oss-20b", input="Save money?")
        assert response.output_text == ADVICE
        assert response.model == "openai/gpt-oss-20b"
        (arrival,) = stand_in.arrivals
        assert (arrival.host, arrival.method) == ("api.groq.com", "POST")
        assert arrival.path == "/openai/v1/responses"
        assert json.loads(arrival.body)["input"] == "Save money?"

    def test_openai_chat_completions(self, stand_in: StandIn) -> None:
        messages: list[openai.types.chat.ChatCompletionMessageParam] = [
            {"role": "user", "content": "A tip?"}
        ]
        with openai.OpenAI(api_key="k") as client:
            completion = client.chat.completions.create(model="gpt-5-mini", messages=messages)
        assert completion.choices[0].message.content == ADVICE
        assert stand_in.arrivals[0].host == "api.openai.com"

    def test_openai_error_is_the_sdks_own(self, stand_in: StandIn) -> None:
        with (
            openai.OpenAI(api_key="k", max_retries=0) as client,
            pytest.raises(openai.BadRequestError),
        ):
            client.chat.completions.create(model="gpt-5-mini", messages=[])

    def test_meta_conversion_by_requests(self, stand_in: StandIn) -> None:
        given = requests.post(
            "https://graph.facebook.com/v21.0/310000000000017/events",
            params={"access_token": "t"},
            json={"data": [{"event_name": "Lead"}, {"event_name": "Lead"}]},
            timeout=10,
        )
        assert given.json()["events_received"] == 2
        assert stand_in.arrivals[0].path.endswith("/events?access_token=t")

    def test_hubspot_contact_by_httpx(self, stand_in: StandIn) -> None:
        properties = {"email": "someone@example.org", "city": "Lisbon"}
        given = httpx.post(
            "https://api.hubapi.com/crm/v3/objects/contacts", json={"properties": properties}
        )
        assert given.status_code == 201
        assert given.json()["properties"] == properties

    def test_a_connection_is_reused_and_a_streamed_body_is_read(self, stand_in: StandIn) -> None:
        def pieces() -> Iterator[bytes]:
            yield b'{"properties": {"email":'
            yield b' "x@example.org"}}'

        url = "https://api.hubapi.com/crm/v3/objects/contacts"
        with httpx.Client() as client:
            assert client.post(url, content=pieces()).status_code == 201
            assert client.post(url, content=pieces()).status_code == 201
        first, second = stand_in.arrivals
        assert first.headers["transfer-encoding"] == "chunked"
        assert json.loads(second.body) == {"properties": {"email": "x@example.org"}}

    def test_rates(self, stand_in: StandIn) -> None:
        with requests.Session() as session:
            given = session.get("https://open.er-api.com/v6/latest/USD", timeout=10)
        assert given.json()["rates"]["USD"] == 1


class TestNothingIsForwarded:
    @pytest.mark.parametrize("url", ["https://example.org/", "http://api.openai.com/v1/models"])
    def test_unknown_host_and_plain_http_get_502(self, stand_in: StandIn, url: str) -> None:
        if url.startswith("https"):
            with pytest.raises(requests.exceptions.ProxyError, match="502"):
                requests.get(url, timeout=10)
        else:
            assert requests.get(url, timeout=10).status_code == 502
        assert stand_in.refused == [urlsplit(url).hostname]
        assert stand_in.arrivals == []

    def test_a_vendor_at_another_port_gets_502(self, stand_in: StandIn) -> None:
        with pytest.raises(httpx.ProxyError, match="502"):
            httpx.get("https://api.openai.com:8443/v1/models")
        assert stand_in.refused == ["api.openai.com"]

    def test_the_proxy_never_opens_a_connection(
        self, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[object] = []
        genuine = socket.socket.connect

        def connect(self: socket.socket, address: object) -> None:
            asked.append(address)
            genuine(self, address)  # type: ignore[arg-type]

        monkeypatch.setattr(socket.socket, "connect", connect)
        requests.get("https://open.er-api.com/v6/latest/USD", timeout=10)
        with pytest.raises(requests.exceptions.ProxyError):
            requests.get("https://example.org/", timeout=10)
        parts = urlsplit(stand_in.url)
        assert set(asked) == {(parts.hostname, parts.port)}

    def test_the_authority_vouches_for_the_vendors_alone(
        self, stand_in: StandIn, tmp_path: Path
    ) -> None:
        assert sorted(path.name for path in (tmp_path / "authority").iterdir()) == ["authority.pem"]
        assert "PRIVATE KEY" not in stand_in.authority_file.read_text()
        context = ssl.create_default_context(cafile=str(stand_in.authority_file))
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        assert httpx.get("https://open.er-api.com/v6/latest/EUR", verify=context).is_success


class TestPulse:
    def test_a_closed_stand_in_does_not_answer(self, tmp_path: Path) -> None:
        stand_in = StandIn(tmp_path)
        assert is_answering(stand_in.url)
        stand_in.close()
        assert not is_answering(stand_in.url)

    def test_closing_cuts_idle_connections(self, tmp_path: Path) -> None:
        stand_in = StandIn(tmp_path)
        parts = urlsplit(stand_in.url)
        with socket.create_connection((parts.hostname, parts.port or 0), timeout=10) as idle:
            idle.sendall(b"GET /stand-in HTTP/1.1\r\nHost: x\r\n\r\n")
            assert idle.recv(9) == b"HTTP/1.1 "
            stand_in.close()
            while idle.recv(4096):
                pass


class TestAnswers:
    def test_unknown_path_is_404(self) -> None:
        assert answer("api.openai.com", "GET", "/v1/nothing", b"").status == 404
        assert answer("graph.facebook.com", "POST", "/v21.0/me/events", b"{}").status == 404

    @pytest.mark.parametrize("body", [b"[1]", b"{", b"\xff", gzip.compress(b"{}", mtime=0)])
    def test_a_body_that_is_no_object_is_400(self, body: bytes) -> None:
        assert answer("api.openai.com", "POST", "/v1/responses", body).status == 400

    @pytest.mark.parametrize(
        ("host", "path"),
        [
            ("api.groq.com", "/openai/v1/responses"),
            ("api.groq.com", "/openai/v1/chat/completions"),
            ("graph.facebook.com", "/v21.0/1/events"),
            ("api.hubapi.com", "/crm/v3/objects/contacts"),
        ],
    )
    def test_an_empty_request_is_400_as_at_the_vendor(self, host: str, path: str) -> None:
        assert answer(host, "POST", path, b"{}").status == 400

    def test_every_vendor_is_a_real_host_name(self) -> None:
        assert all("." in host and host == host.lower() for host in VENDORS)


class TestAroundACommand:
    """``python -m examples.stand_in --folder FOLDER -- COMMAND``."""

    def test_its_calls_end_at_the_stand_in_and_its_exit_code_is_passed_on(
        self, tmp_path: Path
    ) -> None:
        script = (
            "import os, requests, sys; print(os.environ['NO_PROXY']);"
            "sys.exit(requests.get('https://open.er-api.com/v6/latest/USD').status_code - 193)"
        )
        words = [sys.executable, "-m", "examples.stand_in", "--folder", str(tmp_path / "new")]
        done = subprocess.run(
            [*words, "--", sys.executable, "-c", script],
            env={**os.environ, "NO_PROXY": "collector"},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (7, "")
        assert done.stdout == "127.0.0.1,localhost,::1,collector\n"
