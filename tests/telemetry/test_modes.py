"""Client spans are read under the names of every mode of ``OTEL_SEMCONV_STABILITY_OPT_IN``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from opentelemetry import baggage, context, trace
from opentelemetry.trace import SpanKind

import sst_otel
from tests.support import Vendor, tracking_in
from tests.telemetry import calling
from tests.telemetry.exporting import Exported

CLIENTS = (
    calling.by_requests,
    calling.by_urllib3,
    calling.by_urllib,
    calling.by_httpx,
    calling.by_aiohttp,
)


@pytest.mark.parametrize("mode", ["", "http", "http/dup"])
@pytest.mark.parametrize("call", CLIENTS, ids=lambda call: call.__name__)
def test_whom_a_call_leads_to_is_read_of_its_span(
    call: Callable[[str, Path], None],
    mode: str,
    exported: Exported,
    vendor: Vendor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ours goes to the trusted port and not to the same host's other ones."""
    names: dict[str, set[str]] = {}
    with calling.instrumented(mode, monkeypatch):
        for trusted in (f"127.0.0.1:{vendor.port}", f"127.0.0.1:{vendor.port + 1}"):
            with tracking_in(tmp_path, trusted_hosts=(trusted,)) as tracking:
                names[trusted] = _baggage_of(call, vendor, tmp_path)
                assert tracking.errors() == {}
    told, fenced = names.values()
    assert {"app", "sst.owner", "sst.tags", "sst.mac"} <= told
    assert fenced == {"app"}
    assert len(exported.clients()) == 2


def _baggage_of(call: Callable[[str, Path], None], vendor: Vendor, folder: Path) -> set[str]:
    """Return the names of the baggage that the vendor got; ``app`` is the application's."""
    token = context.attach(baggage.set_baggage("app", "1"))
    server = trace.get_tracer("test").start_as_current_span("GET /", kind=SpanKind.SERVER)
    with server, sst_otel.scope(1, name="/"):
        sst_otel.tag(calling.MAIL, "email")
        call(vendor.url, folder)
    context.detach(token)
    _method, _path, _body, headers = vendor.messages.get(timeout=10)
    lowered = {name.lower(): value for name, value in headers.items()}
    return {entry.partition("=")[0].strip() for entry in lowered.get("baggage", "").split(",")}
