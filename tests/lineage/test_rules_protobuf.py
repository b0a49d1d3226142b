"""Protocol buffer messages keep copies: what they were made of is known of the message."""

from __future__ import annotations

import pytest

from tests.lineage.rule_support import Rows, inherited

WRAPPERS = "from google.protobuf import wrappers_pb2\n"
FILE = "from google.protobuf.descriptor_pb2 import FileDescriptorProto\n"
JSON = "from google.protobuf import json_format\n"
WRITTEN = "\nr = m.SerializeToString()"
FLOWS: Rows = [
    (WRAPPERS + "m = wrappers_pb2.StringValue(value=email)" + WRITTEN, "composed email:ada"),
    (
        WRAPPERS + "m = wrappers_pb2.Int64Value(value=inc * 2)" + WRITTEN,
        "composed derived(mul):ada",
    ),
    (WRAPPERS + "m = wrappers_pb2.Int64Value()\nm.value = inc" + WRITTEN, "composed income:ada"),
    (
        WRAPPERS + "def fill(m: wrappers_pb2.StringValue):\n    m.value = name\n"
        "m = wrappers_pb2.StringValue()\nfill(m)" + WRITTEN,
        "composed name:ada",
    ),
    (
        WRAPPERS + "one = wrappers_pb2.StringValue(value=email)\n"
        "m = wrappers_pb2.StringValue()\nm.CopyFrom(one)" + WRITTEN,
        "composed email:ada",
    ),
    (
        WRAPPERS + "made = wrappers_pb2.StringValue\nm = made(value=email)\n"
        "r = m.SerializePartialToString()",
        "composed email:ada",
    ),
    (
        FILE + "m = FileDescriptorProto(name=name)\nm.dependency.append(theirs)" + WRITTEN,
        "composed name:ada email:bob",
    ),
    (
        FILE + "m = FileDescriptorProto()\nm.message_type.add(name=city)" + WRITTEN,
        "composed city:ada",
    ),
    (
        FILE
        + "m = FileDescriptorProto()\nm.message_type.add()\nm.message_type[0].name = city"
        + WRITTEN,
        "composed city:ada",
    ),
    (
        FILE + "m = FileDescriptorProto()\nm.dependency.extend([email, pay])" + WRITTEN,
        "composed email:ada income:bob",
    ),
    (
        FILE
        + JSON
        + "m = FileDescriptorProto()\njson_format.ParseDict({'name': email}, m)"
        + WRITTEN,
        "composed email:ada",
    ),
    (
        FILE + JSON + "m = FileDescriptorProto(name=email)\nr = json_format.MessageToJson(m)",
        "composed email:ada",
    ),
    (
        FILE + "from google.protobuf.json_format import MessageToDict\n"
        "m = FileDescriptorProto(name=email)\nr = MessageToDict(m)['name']",
        "email:ada",
    ),
]
CONTROLS = [
    WRAPPERS + "m = wrappers_pb2.StringValue(value='x')\nm.value = 'y'" + WRITTEN,
    WRAPPERS + "n = wrappers_pb2.StringValue(value=email)\n"
    "m = wrappers_pb2.StringValue(value='x')" + WRITTEN,
    FILE + "m = FileDescriptorProto(name='x')\nm.dependency.append('y')" + WRITTEN,
    FILE + "class Other: pass\no = Other()\no.name = email\nm = FileDescriptorProto()" + WRITTEN,
]


@pytest.mark.parametrize(("code", "found"), FLOWS)
def test_what_a_message_was_made_of(code: str, found: str) -> None:
    assert inherited(code) == found


@pytest.mark.parametrize("code", CONTROLS)
def test_messages_of_nobody(code: str) -> None:
    assert inherited(code) == ""


def test_a_field_that_refuses_a_value_says_so_itself() -> None:
    with pytest.raises(TypeError, match="bad argument type"):
        inherited(WRAPPERS + "m = wrappers_pb2.StringValue()\nm.value = inc\nr = 1")
