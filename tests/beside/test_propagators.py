"""OpenTelemetry's own gRPC instrumentation and B3: who is trusted is told, nobody else is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.sources.processes import environment, events, ran
from tests.support import Vendor
from tests.system.launch import APPS, OTEL, free_port

pytestmark = pytest.mark.stack  # needs the environment
TOLD = ["sst.tags", "sst.t", "sst.owner", "sst.fp", "sst.mac"]


@pytest.mark.parametrize(
    ("propagators", "header"),
    [("tracecontext,baggage", "traceparent"), ("b3,baggage", "b3"), ("b3multi", "x-b3-traceid")],
)
def test_only_who_is_trusted_is_told(
    propagators: str, header: str, binaries: Path, vendor: Vendor, tmp_path: Path
) -> None:
    port = str(free_port())
    environ = {
        **environment(tmp_path),
        "PYTHONPATH": str(APPS),
        "OTEL_PROPAGATORS": propagators,
        "SST_TRUSTED_HOSTS": f"127.0.0.1:{port}",
        "GRPC_VERBOSITY": "ERROR",  # it tells of servers that stop as well
    }
    program = (str(binaries / "python"), str(APPS / "trusting.py"))
    done = ran([str(binaries / OTEL), *program, vendor.url, port], environ, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    came = json.loads(done.stdout)
    assert header in came["trusted"]["headers"]
    assert header in came["other"]["headers"]
    assert came["trusted"]["baggage"] == TOLD
    assert came["other"]["baggage"] == []
    _, _, _, headers = vendor.messages.get(timeout=20)
    sent = {name.lower(): value for name, value in headers.items()}
    assert header in sent
    assert "sst" not in str(sent)
    rows = events(environment(tmp_path))  # by the tests' own programs, which have no B3
    assert [(row["owner_id"], row["data_types"]) for row in rows] == [("1", ["email"])] * 3
