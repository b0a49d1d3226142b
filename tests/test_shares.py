"""Event ids: of their time, and never the same twice, in forked workers neither."""

from __future__ import annotations

import os
import uuid

from sst_otel.shares import new_event_id

AT = 1_750_000_000.123


def test_an_id_is_a_uuid_of_version_7_that_tells_its_millisecond() -> None:
    told = uuid.UUID(new_event_id(AT))
    assert told.variant == uuid.RFC_4122
    assert (told.int >> 76) & 0xF == 7
    assert told.int >> 80 == int(AT * 1000)


def test_no_two_are_the_same() -> None:
    assert len({new_event_id(AT) for _ in range(1_000)}) == 1_000


def test_ids_of_one_millisecond_sort_as_they_were_made() -> None:
    made = [new_event_id(AT) for _ in range(200)]
    assert made == sorted(made)


def test_a_forked_worker_makes_others() -> None:
    new_event_id(AT)  # some random bytes are in stock now
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, "\n".join(new_event_id(AT) for _ in range(40)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        theirs = set(told.read().split("\n"))
    os.waitpid(child, 0)
    assert len(theirs) == 40
    assert theirs.isdisjoint(new_event_id(AT) for _ in range(40))
