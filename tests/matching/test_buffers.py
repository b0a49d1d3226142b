"""Files in memory that a program hands over: what was written into them is known of the object."""

from __future__ import annotations

import io
from typing import Any

import pytest

from sst_otel.lineage import carriers
from sst_otel.scope import leave_scope, open_scope
from sst_otel.shares import Part

from .conftest import World

TEXT = "I, Ann, apply for a place."


def handed(world: World, buffer: Any, sent: str = TEXT) -> set[str]:
    """Return the types found where a form's file is ``buffer``, and ``sent`` leaves."""
    body = b'--b\r\nContent-Disposition: form-data; name="a"; filename="a.txt"\r\n\r\n'
    parts = [Part("body", body + sent.encode() + b"\r\n--b--\r\n")]
    files = [Part("files", {"a": ("a.txt", buffer, "text/plain")})]
    match = world.matcher.match(parts, world.scope, files)
    return {hit.datum.data_type for hits in match.owners.values() for hit in hits}


@pytest.fixture
def hold(world: World) -> Any:
    def held(buffer: Any) -> Any:
        token = open_scope(world.scope)
        carriers.hold(buffer, (world.add("ann", "first_name", "Ann"),))
        leave_scope(token)
        return buffer

    return held


@pytest.mark.parametrize("buffer", [io.BytesIO(TEXT.encode()), io.StringIO(TEXT)])
def test_what_a_buffer_holds(world: World, hold: Any, buffer: Any) -> None:
    assert handed(world, hold(buffer)) == {"first_name"}


def test_a_buffer_that_was_read(world: World, hold: Any) -> None:
    buffer = hold(io.BytesIO(TEXT.encode()))
    buffer.read()
    assert handed(world, buffer) == {"first_name"}


def test_a_buffer_that_is_not_sent(world: World, hold: Any) -> None:
    assert handed(world, hold(io.BytesIO(TEXT.encode())), "something else") == set()


def test_a_closed_buffer(world: World, hold: Any) -> None:
    buffer = hold(io.BytesIO(TEXT.encode()))
    buffer.close()
    assert handed(world, buffer) == set()


def test_a_buffer_of_nobody(world: World) -> None:
    assert handed(world, io.BytesIO(TEXT.encode())) == set()
