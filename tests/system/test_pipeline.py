"""An untouched application whose events go to a receiver of OpenTelemetry's logs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sst_otel.audit.records import AliasRecord, ShareRecord
from tests.audit.outbox.receiver import StandIn, receiving
from tests.support import Vendor
from tests.system.launch import OTEL, launched, wait_until
from tests.system.launchers import GUNICORN, is_running, truth, use

pytestmark = pytest.mark.stack


@pytest.fixture
def collector() -> Iterator[StandIn]:
    with receiving() as stand_in:
        yield stand_in


def test_every_share_arrives_there_and_the_application_knows_nothing(
    collector: StandIn, vendor: Vendor, tmp_path: Path
) -> None:
    command = (OTEL, *GUNICORN, "-w", "2", "shop:app")
    environ = {
        "SST_AUDIT_ENDPOINT": collector.url,
        "SST_AUDIT_TOKEN": "secret",
        "OTEL_TRACES_EXPORTER": "console",
    }
    with launched(tmp_path, vendor.url, command, environ) as app:
        use(app)
        collector.wait_for(lambda got: len(got.ids()) >= truth().total())
        app.stop()
        wait_until(lambda: not is_running(app))
        assert app.ours() == []
        printed = app.printed()
    shares = [one for one in collector.records if isinstance(one, ShareRecord)]
    ids = [one.event_id for one in shares]
    assert len(ids) == len(set(ids)) == truth().total()
    found = sorted((one.route, tuple(sorted(set(one.data_types)))) for one in shares)
    assert found == sorted((share[0], tuple(sorted(share[3]))) for share in truth().elements())
    told = [one for one in collector.records if isinstance(one, AliasRecord)]
    people = {one.pseudonym_ref: one.owner_ref for one in told}
    assert len({people.get(one.owner_ref, one.owner_ref) for one in shares}) == 2
    assert all(one.stack for one in shares)
    assert {one.outcome for one in collector.outcomes()} == {"sent"}
    assert not (app.audit / "audit.db").exists()
    assert list((app.audit / "audit.spool").glob("*.journal")) == []
    # What we send is no span, no share and no request of the application's.
    assert collector.url.removeprefix("http://") not in printed
    assert "/v1/logs" not in printed
