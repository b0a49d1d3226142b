"""Long values in rows: read as one text first, and taken apart where that may find more."""

from __future__ import annotations

import io
import json

import pytest

from sst_otel.shares import Part

from .conftest import ANN, World

FILLING = ["a line of a long report without anybody in it"] * 200


@pytest.fixture
def world_of_ann(world: World) -> World:
    """Ann's own scope: her weak values count where a key names them."""
    world.scope.data.update(dict.fromkeys(world.registry.of_owner(world.people["ann"].ref)))
    return world


def test_a_weak_value_in_a_long_column_of_json(world_of_ann: World) -> None:
    cell = json.dumps({"filling": FILLING, "profile": {"gender": "female", "email": ANN["email"]}})
    part = Part("table:reports", {"id": 7, "body": cell})
    found = world_of_ann.found(part, scope=world_of_ann.scope)
    assert set(found["ann"]) == {"email", "gender"}


def test_an_address_in_a_long_column_of_bytes(world: World) -> None:
    part = Part("table:files", {"content": "\n".join([*FILLING, f"To: {ANN['email']}"]).encode()})
    assert world.found(part) == {"ann": {"email": "exact"}}


def test_nobody_in_a_long_column(world_of_ann: World) -> None:
    part = Part("table:reports", {"body": json.dumps({"filling": FILLING})})
    assert world_of_ann.found(part, scope=world_of_ann.scope) == {}


def test_a_file_in_memory_beside_texts(world: World) -> None:
    tree = {
        "Bucket": "exports",
        "Key": f"people/{ANN['email']}/1.csv",
        "Body": io.BytesIO(b"a;b\n1;2\n"),
    }
    assert set(world.found(Part("params", tree))) == {"ann"}
