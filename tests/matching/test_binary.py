"""MessagePack and Protocol Buffers are read without their libraries, as these write them."""

from __future__ import annotations

import base64
import importlib
import json
from typing import Any

import msgpack
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sst_otel.matching.decode import text_of
from sst_otel.matching.msgpack import msgpack_tree
from sst_otel.matching.protobuf import grpc_messages, protobuf_tree
from sst_otel.registry.identity import mark
from sst_otel.shares import Part

from .conftest import World

MAIL, TEL, CITY = "ann.smith@example.com", "+1 201 555 0123", "Boston"
SLOWLY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=40)
    | st.binary(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=8,
)
common: Any = importlib.import_module("opentelemetry.proto.common.v1.common_pb2")
trace: Any = importlib.import_module("opentelemetry.proto.trace.v1.trace_pb2")
struct: Any = importlib.import_module("google.protobuf.struct_pb2")


def number(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(at: int, content: bytes) -> bytes:
    return number(at << 3 | 2) + number(len(content)) + content


PERSON = field(1, MAIL.encode()) + field(2, TEL.encode()) + field(3, CITY.encode())


class TestMessagePack:
    """What the library packs is what we read."""

    @SLOWLY
    @given(st.lists(TREES, min_size=1, max_size=5))
    def test_all_it_can_carry(self, tree: Any) -> None:
        assert msgpack_tree(msgpack.packb(tree)) == tree

    @SLOWLY
    @given(st.lists(TREES, max_size=5), st.data())
    def test_a_document_cut_off(self, tree: list[Any], data: st.DataObject) -> None:
        packed = msgpack.packb(tree)
        cut = packed[: data.draw(st.integers(0, len(packed) - 1))]
        assert msgpack_tree(cut) is None
        if cut and b"\xc1" not in cut:
            msgpack_tree(cut, cut=True)

    def test_sizes(self) -> None:
        for size in (15, 16, 31, 32, 255, 256, 70_000):
            for tree in (["x" * size], [b"x" * size], [1] * size, {str(n): n for n in range(size)}):
                assert msgpack_tree(msgpack.packb(tree)) == tree

    def test_a_date_and_other_extensions_are_passed_over(self) -> None:
        packed = msgpack.packb([msgpack.ExtType(5, b"x" * size) for size in (1, 2, 3, 8, 300)])
        assert msgpack_tree(packed) == [None] * 5

    @SLOWLY
    @given(st.binary(max_size=80))
    def test_any_bytes(self, body: bytes) -> None:
        msgpack_tree(body)
        msgpack_tree(body, cut=True)


class TestProtocolBuffers:
    """Texts and nested messages by their numbers, entries by their keys."""

    def test_nested_messages(self, world: World) -> None:
        body = field(1, b"\x08\x01") + field(4, field(1, PERSON))
        match = world.match(Part("body", body))
        (hits,) = match.owners.values()
        assert {(hit.datum.data_type, hit.leaf.path) for hit in hits} == {
            ("email", "body.field4.field1.field1"),
            ("phone", "body.field4.field1.field2"),
            ("city", "body.field4.field1.field3"),
        }

    def test_attributes_of_a_span(self, world: World) -> None:
        def attribute(key: str, value: str) -> Any:
            return common.KeyValue(key=key, value=common.AnyValue(string_value=value))

        span = trace.Span(
            trace_id=b"\xff" * 16,
            name="GET /",
            start_time_unix_nano=1,
            attributes=[attribute("user.email", MAIL), attribute("user.city", CITY)],
        )
        scope = trace.ScopeSpans(spans=[span])
        body = trace.TracesData(resource_spans=[trace.ResourceSpans(scope_spans=[scope])])
        assert world.found(Part("body", body.SerializeToString())) == {
            "ann": {"email": "normalized", "city": "field"}
        }

    def test_a_structure(self, world: World) -> None:
        made = struct.Struct()
        made.update({"who": {"mail": MAIL, "n": 3.5, "ok": True, "all": [TEL]}})
        found = world.found(Part("body", made.SerializeToString()))
        assert found == {"ann": {"email": "normalized", "phone": "exact"}}

    @pytest.mark.parametrize("size", [22, 40, 48, 60, 100, 126, 127, 128, 300, 20_000])
    def test_a_text_of_any_length_is_a_text(self, world: World, size: int) -> None:
        text = f"{MAIL} {'x' * size}"[:size]
        body = field(1, text.encode()) + b"\x10\x01" + field(5, field(1, text.encode()))
        assert world.found(Part("body", body)) == {"ann": {"email": "normalized"}}

    def test_messages_in_base64(self, world: World) -> None:
        body = json.dumps({"d": base64.b64encode(PERSON).decode()})
        found = world.found(Part("body", body))["ann"]
        assert {"email": "encoded", "phone": "encoded"}.items() <= found.items()

    def test_a_stream_of_calls(self, world: World) -> None:
        frames = [
            b"\0" + len(message).to_bytes(4, "big") + message
            for message in (field(1, b"bea@example.org"), PERSON)
        ]
        assert grpc_messages(b"".join(frames)) == [field(1, b"bea@example.org"), PERSON]
        assert set(world.found(Part("body", b"".join(frames)))) == {"ann", "bea"}

    @SLOWLY
    @given(st.binary(max_size=120))
    def test_any_bytes(self, body: bytes) -> None:
        protobuf_tree(body)
        grpc_messages(body)
        protobuf_tree(field(1, body))

    def test_depth_ends(self) -> None:
        body = MAIL.encode()
        for _ in range(300):
            body = field(1, body)
        protobuf_tree(body)


class TestOtherBinaries:
    """Texts in bytes of no known kind stand apart from what is around them."""

    @pytest.mark.parametrize("around", [b"\x00", b"\xff\xfe\x00", b"\x15\x00\x00\x00", b"\xe1\x02"])
    def test_a_value_between_bytes(self, world: World, around: bytes) -> None:
        body = b"\x00\x01\x02" + around + MAIL.encode() + around + TEL.encode() + around
        assert set(world.found(Part("body", body))["ann"]) == {"email", "phone"}

    @pytest.mark.parametrize("doubled", [1, 2], ids=["plain", "Avro"])
    @pytest.mark.parametrize("size", [22, 24, 30, 48, 50, 60])
    def test_a_length_that_is_a_letter(self, world: World, size: int, doubled: int) -> None:
        texts = [MAIL.ljust(size), TEL + "x" * (33 - len(TEL)), "bea@example.org"]
        body = b"\x00" + b"".join(bytes([len(text) * doubled]) + text.encode() for text in texts)
        found = world.found(Part("body", body + b"\x00"))
        assert set(found) >= {"ann"}
        assert "email" in found["ann"]

    @pytest.mark.parametrize("size", [22, 34, 48])
    def test_a_length_and_a_letter_behind(self, world: World, size: int) -> None:
        """A letter of LDAP's: ``0`` begins what comes next."""
        text = MAIL.encode().ljust(size)
        body = b"\x02\x01\x02hC1\x18\x04" + bytes([size]) + text + b"0\x17\x04\x0bobjectClass"
        assert world.found(Part("body", body))["ann"].keys() == {"email"}

    def test_a_longer_address_is_not_cut(self, world: World) -> None:
        body = b"\x00" + bytes([2 * len(MAIL)]) + MAIL.encode() + b".au and more\x00"
        assert world.found(Part("body", body)) == {}

    def test_letters_beyond_ascii(self) -> None:
        assert "Zoë Müller" in text_of(b"\x00\x01\xff" + "Zoë Müller".encode() + b"\x00\xff")

    def test_noise_is_nobodys(self, world: World) -> None:
        assert world.found(Part("body", bytes(range(256)) * 500)) == {}


@pytest.mark.parametrize("pack", [msgpack.packb, lambda tree: struct.Value(string_value=tree["x"])])
def test_what_a_message_was_made_of_is_known_of_its_bytes(world: World, pack: Any) -> None:
    made = pack({"x": "1"})
    body = made if isinstance(made, bytes) else made.SerializeToString()
    mark(body, (world.add("ann", "income", 73_450),), world.scope, composed=True)
    assert world.found(Part("body", body)) == {"ann": {"income": "composed"}}
