"""Audit records as OTLP log records: everything comes back, whatever else the request holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from sst_otel.audit.decoding import CorruptRecord, checked, decode
from sst_otel.audit.otlp import EVENTS, attributes_of, record_of, request_of
from sst_otel.audit.records import Record, share_record
from tests.audit.helpers import share
from tests.audit.outbox.receiver import read

texts = st.text(max_size=20)
names = st.text(min_size=1, max_size=20)
times = st.floats(0, 4e9)
lists = st.lists(texts, max_size=3)
trees = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
frames = st.lists(st.from_regex(r"[a-z/]{1,9}\.py:\d{1,3} in \w{1,9}", fullmatch=True), max_size=3)
routes = st.just("") | st.from_regex(r"/[a-z]{0,9}", fullmatch=True) | st.just("task shop.remind")


@st.composite
def shares(draw: st.DrawFn) -> dict[str, Any]:
    count = draw(st.integers(0, 3))
    row = st.lists(texts, min_size=count, max_size=count)
    one = ("event_id", "event_type")
    some = ("owner_ref", "owner_sealed", "service", "destination", "recipient_name", "purpose")
    return {
        "k": "share",
        "at": draw(times),
        "route": draw(routes),
        "stack": draw(frames),
        "metadata": {f"of.{key}": draw(trees) for key in draw(st.lists(names, max_size=3))},
        "trace_id": draw(st.sampled_from(["", "a" * 32])),
        "span_id": draw(st.sampled_from(["", "b" * 16])),
        **{name: draw(names) for name in one},
        **{name: draw(texts) for name in (*some, "country", "role", "key_id")},
        **{name: draw(row) for name in ("data_types", "tag_ids", "evidence", "paths")},
    }


records = st.one_of(
    shares(),
    st.fixed_dictionaries(
        {
            "k": st.just("tag"),
            "at": times,
            **dict.fromkeys(("tag_id", "data_type"), names),
            **dict.fromkeys(("owner_ref", "owner_sealed", "source"), texts),
            **dict.fromkeys(("lineage", "transformations"), lists),
        }
    ),
    st.fixed_dictionaries(
        {"k": st.just("outcome"), "at": times, "event_id": names, "outcome": names}
    ),
    st.fixed_dictionaries(
        {
            "k": st.just("alias"),
            "at": times,
            **dict.fromkeys(("pseudonym_ref", "owner_ref"), names),
            "owner_sealed": texts,
        }
    ),
    st.fixed_dictionaries(
        {
            "k": st.just("gap"),
            "at": times,
            "since": times,
            "gap_id": names,
            "service": texts,
            "reason": texts,
            "lost": st.dictionaries(names, st.integers(0, 10**9), max_size=3),
        }
    ),
).map(checked)


@given(st.lists(records, max_size=6))
def test_everything_comes_back(sent: list[Record]) -> None:
    found = read(request_of(sent).SerializeToString())
    assert sorted(map(repr, found)) == sorted(map(repr, sent))


def test_the_attributes_are_those_of_the_event() -> None:
    [logs] = request_of([decode(share_record(share("42", "email", "phone")))]).resource_logs
    [log] = logs.scope_logs[0].log_records
    told = attributes_of(log.attributes)
    assert attributes_of(logs.resource.attributes) == {"service.name": "budget"}
    assert log.event_name == "sst.data.share"
    assert log.trace_id.hex() == "a" * 32
    assert told["sst.data.types"] == ["email", "phone"]
    assert told["http.route"] == "/advice"
    assert told["server.address"] == "api.groq.com"
    assert told["code.stacktrace"] == "wsgi.py:3 in main\napp.py:12 in advice"
    assert told["gen_ai.request.model"] == "llama"


def test_what_metadata_calls_as_we_do_is_left_out() -> None:
    event = share("42", metadata={"sst.event.id": "another", "sst.unread": 2})
    [found] = read(request_of([decode(share_record(event))]).SerializeToString())
    assert getattr(found, "event_id", None) == event.event_id
    assert "sst.event.id" not in getattr(found, "metadata", {})


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_a_record_without_its_fields_is_corrupt(name: str) -> None:
    request = ExportLogsServiceRequest()
    log = request.resource_logs.add().scope_logs.add().log_records.add(event_name=name)
    with pytest.raises(CorruptRecord):
        record_of(log, {})


def test_a_damaged_trace_id_does_not_hold_up_the_others() -> None:
    event = share("42", trace_id="not hex", span_id="")
    [found] = read(request_of([decode(share_record(event))]).SerializeToString())
    assert getattr(found, "trace_id", None) == ""
