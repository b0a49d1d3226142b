"""A stand-in for Amazon's services: answers every client as briefly as it allows."""

from __future__ import annotations

import datetime
import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
import botocore.config  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.serving import HttpHandler, StandIn

_ACTION = re.compile(rb"Action=(\w+)")
_CONVERSED = {
    "output": {"message": {"role": "assistant", "content": [{"text": "Save more."}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
    "metrics": {"latencyMs": 1},
}


class Amazon(HttpHandler):
    """Answers every service as briefly as its client allows."""

    server: Any

    def do_POST(self) -> None:
        body = self.body()
        self.server.received.append((self.path, body))
        status = 500 if self.server.failures else 200
        self.server.failures = max(0, self.server.failures - 1)
        action = _ACTION.search(body)
        if action is not None and b"\r\n" not in body:
            name = action[1].decode()
            answer = f"<{name}Response><{name}Result/></{name}Response>".encode()
        elif self.path.endswith("/converse"):
            answer = json.dumps(_CONVERSED).encode()
        else:
            answer = b"" if self.command == "PUT" else b"{}"
        with suppress(ConnectionError):
            self.answer(answer, status)

    do_PUT = do_POST


class Endpoint(StandIn):
    def __init__(self) -> None:
        super().__init__(Amazon)
        self.received: list[tuple[str, bytes]] = []
        self.failures = 0
        self.scheme = "http"
        self.verify: str | None = None

    def client(self, service: str, **config: Any) -> Any:
        return boto3.client(
            service,
            endpoint_url=f"{self.scheme}://localhost:{self.port}",
            region_name="eu-west-1",
            aws_access_key_id="k",
            aws_secret_access_key="s",
            verify=self.verify,
            config=botocore.config.Config(**config),
        )


def self_signed(directory: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = directory / "server.pem"
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return file
