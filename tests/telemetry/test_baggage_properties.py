"""Whatever is said, by us or to us: 2 KB, safe characters, others' entries as they were."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.baggage.propagation import W3CBaggagePropagator

from sst_otel.datatypes import load_taxonomy
from sst_otel.keys import Keys
from sst_otel.sinks.carriers import trace_of, with_members, without
from sst_otel.tags import Minter
from sst_otel.telemetry.baggage import MOST_BYTES, Wire, without_ours

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
NOW = 1_700_000_000
KEYS = Keys(b"k" * 32)
WIRE = Wire(KEYS, lambda: float(NOW))
MINTER = Minter(KEYS.secret)
TYPES = sorted(load_taxonomy().types)

owners = st.text()
types = st.one_of(st.sampled_from(TYPES), st.text(max_size=80))
values = st.one_of(st.text(), st.integers(), st.floats(allow_nan=False))
SST = st.sampled_from(["sst.", "SST.", "%73st.", "s%73t.", "sst%2E", "+sst.", "sst."])
TEXT = st.text("abst.=;, %2C+~é\t", max_size=12)
entries = st.one_of(
    TEXT,
    st.builds("{}{}={}".format, SST, st.sampled_from(["owner", "tags", "mac", "x", ""]), TEXT),
    st.builds(lambda name, value: f"{quote_plus(name)}={quote_plus(value)}", st.text(), st.text()),
)
headers = st.lists(entries, max_size=8).map(",".join)
SHAPES = ["dict", "pairs", "bytes", "tuple", "lines", "their own text", "their own bytes"]


class Text(str):
    """As names of aiohttp's headers are: of a class of its own."""

    def lower(self) -> str:
        raise AssertionError("their code was run")


class Bytes(bytes):
    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        raise AssertionError("their code was run")


@settings(max_examples=60, deadline=None)
@given(owners, st.lists(st.tuples(types, values), max_size=60))
def test_what_we_write(owner_id: str, data: list[tuple[str, Any]]) -> None:
    """Unicode and hostile ids, made-up types, more tags than there is room for."""
    owner = MINTER.owner(owner_id).ref if owner_id else ""
    tags = [
        (MINTER.tag_id(owner, kind, str(value)), kind, WIRE.fingerprint(kind, value))
        for kind, value in data
    ]
    header = ",".join(WIRE.write(TRACE, owner, tags))
    assert len(header.encode()) <= MOST_BYTES
    assert re.fullmatch(r"(sst\.[a-z]+=[A-Za-z0-9._~-]*,?)+", header)
    told = WIRE.read(header, PARENT)
    assert told is not None
    assert told.owner_ref == owner
    assert told.tags == tuple(tag for tag, _, _ in tags)[: len(told.tags)]
    assert len(told.tags) >= min(len(tags), 20)
    assert {told.prints[key] for key in told.prints} <= set(told.tags)
    carrier = W3CBaggagePropagator().extract({"baggage": header})
    assert carrier  # any W3C propagator takes it
    assert without_ours(header) == ""


def test_forty_tags_use_the_room_there_is() -> None:
    for kind, fewest in (("email", 38), ("national_identity_number", 25)):
        tags = [(MINTER.tag_id("o", kind, str(n)), kind, "0123456789abcdef") for n in range(40)]
        members = WIRE.write(TRACE, "o" * 26, tags)
        size = len(",".join(members))
        told = WIRE.read(",".join(members), PARENT)
        assert told is not None
        assert len(told.tags) >= fewest
        assert size <= MOST_BYTES
        assert len(told.tags) == 40 or size > MOST_BYTES - 80


@settings(max_examples=300, deadline=None)
@given(headers)
def test_what_is_said_to_us_is_never_believed_or_an_error(header: str) -> None:
    assert WIRE.read(header, PARENT) is None


@settings(max_examples=300, deadline=None)
@given(headers)
def test_others_entries_stay_byte_for_byte(header: str) -> None:
    left = without_ours(header)
    kept = [one for one in header.split(",") if not _is_ours(one)]
    assert left == (header if len(kept) == header.count(",") + 1 else ",".join(kept).strip())
    assert without_ours(left) == left
    assert not [one for one in left.split(",") if _is_ours(one)]


@settings(max_examples=200, deadline=None)
@given(headers, st.sampled_from(SHAPES), st.booleans())
def test_carriers_of_every_shape(header: str, shape: str, theirs_first: bool) -> None:
    header = header.encode("latin-1", "ignore").decode("latin-1").strip()
    theirs = ("X-Other", "sst.owner=mine")
    pairs = [theirs, ("Baggage", header)] if theirs_first else [("Baggage", header), theirs]
    carrier = _shaped(pairs, shape)
    before = repr(carrier)
    made = without(carrier)
    left = without_ours(header)
    if left == header:
        assert made is None
    else:
        expected = [
            pair for pair in ((n, left if n == "Baggage" else v) for n, v in pairs) if pair[1]
        ]
        assert made == _shaped(expected, shape)
    assert repr(carrier) == before
    assert trace_of(carrier) == ""
    told = with_members(_shaped([*pairs, ("traceparent", PARENT)], shape), ("sst.x=1", "sst.y=2"))
    assert told is not None
    assert trace_of(told) == TRACE
    found = {name: value for name, value in _pairs(told)}
    assert found["Baggage"] == ",".join(filter(None, [header, "sst.x=1,sst.y=2"]))
    assert found["X-Other"] == "sst.owner=mine"


def _is_ours(member: str) -> bool:
    return unquote_plus(member.partition("=")[0]).strip().lower().startswith("sst.")


def _shaped(pairs: list[tuple[str, str]], shape: str) -> Any:
    if shape == "dict":
        return dict(pairs)
    if shape == "bytes":
        return [(name.encode(), value.encode("latin-1")) for name, value in pairs]
    if shape == "their own text":
        return {Text(name): Text(value) for name, value in pairs}
    if shape == "their own bytes":
        return [(Bytes(name.encode()), Bytes(value.encode("latin-1"))) for name, value in pairs]
    if shape == "lines":
        return [f"{name}: {value}" for name, value in pairs]
    return tuple(pairs) if shape == "tuple" else pairs


def _pairs(carrier: Any) -> list[tuple[str, str]]:
    items: list[Any] = list(carrier.items()) if isinstance(carrier, dict) else list(carrier)
    if items and isinstance(items[0], str):
        return [(name, value.strip()) for name, _, value in (one.partition(":") for one in items)]
    return [
        (bytes.decode(name), bytes.decode(value, "latin-1"))
        if isinstance(name, bytes)
        else (name, value)
        for name, value in items
    ]
