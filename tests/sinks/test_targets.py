"""Names of gRPC's servers: of each scheme the host that was asked for."""

from __future__ import annotations

import asyncio
import gc

import grpc.aio  # type: ignore[import-untyped]
import pytest

from sst_otel.sinks import grpc_targets
from sst_otel.sinks.grpc_targets import target_of
from sst_otel.sinks.targets import host_and_port
from tests.support import Tracking


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("crm.example:50", ("crm.example", 50)),
        ("crm.example", ("crm.example", 443)),
        ("dns:///crm.example:50", ("crm.example", 50)),
        ("dns://8.8.8.8/crm.example:50", ("crm.example", 50)),
        ("dns:crm.example", ("crm.example", 443)),
        ("ipv4:10.0.0.1:50,10.0.0.2:50", ("10.0.0.1", 50)),
        ("ipv6:[::1]:50", ("::1", 50)),
        ("[::1]:50", ("::1", 50)),
        ("xds:///crm", ("crm", 443)),
        ("own:///crm:1", ("crm", 1)),
        ("unix:/run/crm.sock", None),
        ("unix:///run/crm.sock", None),
    ],
)
def test_names_of_servers(target: str, found: tuple[str, int] | None) -> None:
    assert host_and_port(target) == found


def test_where_a_channel_of_asyncio_leads_is_known_as_long_as_it_lives(tracking: Tracking) -> None:
    """Up to 1.80 what its calls keep of it does not tell."""

    async def run() -> None:
        channel = grpc.aio.insecure_channel("dns:///crm.example:9")
        inner = channel._channel
        assert grpc_targets._targets[id(inner)][1] == "dns:///crm.example:9"
        assert target_of(inner) == "dns:///crm.example:9"
        await channel.close()

    asyncio.run(run())
    gc.collect()
    told = {target for _, target in grpc_targets._targets.values()}
    assert "dns:///crm.example:9" not in told
