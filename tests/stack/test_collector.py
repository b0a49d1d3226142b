"""The collector's configuration: who is let in, and what it keeps."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from sst_otel.audit.decoding import decode
from sst_otel.audit.otlp import request_of
from sst_otel.audit.records import share_record
from tests.audit.helpers import share
from tests.audit.outbox.receiver import receiving
from tools.stack import services
from tools.stack.ports import Ports
from tools.stack.services import local

PROTOBUF = {"Content-Type": "application/x-protobuf"}
pytestmark = pytest.mark.stack


def test_with_tokens_it_takes_from_applications_alone_and_shows_its_own(tmp_path: Path) -> None:
    ports = Ports.free()
    for name in ("audit", "ingest"):
        (tmp_path / name).write_text(f"{name}-secret")
    files = {
        "SST_AUDIT_TOKEN_FILE": str(tmp_path / "audit"),
        "SST_INGEST_TOKEN_FILE": str(tmp_path / "ingest"),
    }
    body = request_of([decode(share_record(share("42")))]).SerializeToString()
    with receiving() as ingest:
        collector = services.collector(
            tmp_path, ports, f"{ingest.url}/v1/logs", files, (services.TOKENS_CONFIG,)
        )
        with collector:
            for token, status in (("", 401), ("ingest-secret", 401), ("audit-secret", 200)):
                answer = requests.post(
                    local(ports.audit, "/v1/logs"),
                    data=body,
                    headers={"Authorization": f"Bearer {token}", **PROTOBUF},
                    timeout=20,
                )
                assert answer.status_code == status
            ingest.wait_for(lambda got: bool(got.ids()))
    assert [one["Authorization"] for one in ingest.headers] == ["Bearer ingest-secret"]
