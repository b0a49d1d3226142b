"""What belongs together on one connection, with a clock of the test's own."""

from __future__ import annotations

import pytest

import sst_otel
from sst_otel.scope import PROCESS, current_scope
from sst_otel.sinks.connection import MAX_WRITE, PAUSE, WINDOW, Connection
from tests.support import Tracking

MAIL = b"ann.keller@example.com"


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Line:
    """A connection whose socket takes everything at once."""

    def __init__(self, tracking: Tracking) -> None:
        self.clock = Clock()
        self.tracking = tracking
        self.connection = Connection("log.example", 514, self.clock)

    def write(self, *pieces: bytes, taken: bool = True) -> int:
        """Write and return how many shares there are now."""
        for piece in pieces:
            view = memoryview(piece)
            share = self.connection.look(self.tracking.tracker.emit, view)
            if share is not None:
                share.write()
            if taken:
                self.connection.taken(view, None)
        return len(self.tracking.rows())


@pytest.fixture
def line(tracking: Tracking) -> Line:
    sst_otel.tag(MAIL.decode(), "email", owner_id="1")
    sst_otel.tag("ben.ito@example.com", "email", owner_id="2")
    return Line(tracking)


def test_one_message_is_one_event_a_person(line: Line) -> None:
    assert line.write(b"RCPT " + MAIL, b" To: " + MAIL, b" and ") == 1
    assert line.write(b"ben.ito@exa", b"mple.com ", MAIL) == 2
    assert [owner for _, owner, _ in line.tracking.shares()] == ["1", "2"]


def test_a_pause_begins_another(line: Line) -> None:
    assert line.write(MAIL + b"\n") == 1
    line.clock.now += PAUSE / 2
    assert line.write(MAIL + b"\n") == 1
    line.clock.now += PAUSE * 2
    assert line.write(MAIL + b"\n") == 2


def test_a_message_without_end_is_told_anew(line: Line) -> None:
    for _ in range(30):
        line.clock.now += PAUSE / 2
        line.write(MAIL + b"\n")
    assert len(line.tracking.rows()) == 2


def test_another_request_begins_another(line: Line) -> None:
    assert line.write(MAIL + b"\n") == 1
    with sst_otel.scope(name="nightly"):
        assert current_scope() is not PROCESS
        assert line.write(MAIL + b"\n") == 2


def test_what_the_socket_did_not_take_is_not_what_went_before(line: Line) -> None:
    assert line.write(MAIL[:9], taken=False) == 0
    assert line.write(MAIL) == 1


def test_an_outcome_waits_until_the_bytes_are_taken(line: Line) -> None:
    assert line.write(MAIL, taken=False) == 1
    assert [row["outcome"] for row in line.tracking.rows()] == [None]
    assert line.write(MAIL) == 1
    assert [row["outcome"] for row in line.tracking.rows()] == ["sent"]


def test_a_value_far_behind_does_not_grow_together(line: Line) -> None:
    assert line.write(MAIL[:9], b" " * WINDOW, MAIL[9:]) == 0


def test_the_rest_of_a_write_is_not_looked_at_again(line: Line) -> None:
    """What a socket takes by and by is offered to it in ever shorter pieces of the whole."""
    emit, connection = line.tracking.tracker.emit, line.connection
    data = memoryview(b"x" * MAX_WRITE + b" " + MAIL)
    looks = []
    while data:
        share = connection.look(emit, data)
        looks.append(share is not None)
        connection.taken(data, 1_000_000)
        data = data[1_000_000:]
    assert looks == [False, False, False, False, True]
