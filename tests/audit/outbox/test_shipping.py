"""The receiver as a target: until it has said 2xx nothing is given up, and nothing holds it up."""

from __future__ import annotations

from pathlib import Path

import pytest

from sst_otel.audit.decoding import decode
from sst_otel.audit.outbox import shipping
from sst_otel.audit.outbox.drain import UndeliveredError
from sst_otel.audit.outbox.shipping import Receiver
from sst_otel.audit.records import Record, ShareRecord, share_record
from tests.audit.helpers import share
from tests.audit.outbox.receiver import StandIn


def some(count: int) -> list[Record]:
    return [decode(share_record(share("42"))) for _ in range(count)]


def ids(records: list[Record]) -> list[str]:
    return [one.event_id for one in records if isinstance(one, ShareRecord)]


@pytest.fixture
def target(collector: StandIn, tmp_path: Path) -> Receiver:
    return Receiver(collector.url + "/", "secret", tmp_path)


def test_records_arrive_with_the_token(collector: StandIn, target: Receiver) -> None:
    sent = some(3)
    assert target.append(sent, "a.journal", 17) == []
    assert collector.ids() == ids(sent)
    assert collector.paths == ["/v1/logs"]
    assert collector.headers[0]["Authorization"] == "Bearer secret"
    assert target.positions() == {"a.journal": 17}
    target.forget_journal("a.journal")
    assert target.positions() == {}
    target.close()


@pytest.mark.parametrize("status", [301, 401, 403, 404, 408, 429, 500, 501, 502, 503, 504])
def test_what_may_be_taken_later_is_kept(collector: StandIn, target: Receiver, status: int) -> None:
    collector.answer = lambda _records, _size: status
    with pytest.raises(UndeliveredError, match=f"HTTP {status}"):
        target.append(some(2), "a.journal", 17)
    assert target.positions() == {}
    assert len(collector.paths) == 1
    target.close()


def test_nobody_listens(tmp_path: Path) -> None:
    target = Receiver("http://127.0.0.1:1", None, tmp_path)
    with pytest.raises(UndeliveredError, match="ConnectionError") as error:
        target.append(some(1), "a.journal", 17)
    assert "127.0.0.1" not in str(error.value)


@pytest.mark.parametrize("status", [400, 413])
def test_a_record_that_is_refused_alone_holds_up_nobody(
    collector: StandIn, target: Receiver, status: int
) -> None:
    sent = some(9)
    bad = ids(sent)[4]
    collector.answer = lambda records, _size: status if bad in ids(records) else 200
    assert target.append(sent, "a.journal", 17) == [sent[4]]
    assert collector.ids() == [one for one in ids(sent) if one != bad]
    assert target.positions() == {"a.journal": 17}
    target.close()


def test_a_server_that_refuses_everything_gets_nothing_lost(
    collector: StandIn, target: Receiver
) -> None:
    collector.answer = lambda _records, _size: 400
    with pytest.raises(UndeliveredError, match="HTTP 400"):
        target.append(some(4), "a.journal", 17)
    assert target.positions() == {}
    target.close()


def test_a_receiver_with_a_small_limit(collector: StandIn, target: Receiver) -> None:
    sent = some(40)
    collector.answer = lambda records, _size: 413 if len(records) > 7 else 200
    assert target.append(sent, "a.journal", 17) == []
    assert collector.ids() == ids(sent)
    target.close()


def test_requests_stay_below_what_receivers_take(
    collector: StandIn, target: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipping, "_MAX_BODY", 5_000)
    sent = some(40)
    assert target.append(sent, "a.journal", 17) == []
    assert collector.ids() == ids(sent)
    assert len(collector.paths) > 4
    target.close()


def test_damaged_positions_are_none(tmp_path: Path) -> None:
    (tmp_path / "delivered.json").write_bytes(b'{"a": ')
    assert Receiver("http://127.0.0.1:1", None, tmp_path).positions() == {}
    (tmp_path / "delivered.json").write_bytes(b'{"a": -1, "b": "x", "c": 3}')
    assert Receiver("http://127.0.0.1:1", None, tmp_path).positions() == {"c": 3}
