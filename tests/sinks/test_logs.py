"""Log records: personal data in a line is a share with whoever reads the log."""

from __future__ import annotations

import io
import json
import logging
import queue
import threading
from collections.abc import Iterator
from logging.handlers import QueueHandler
from pathlib import Path
from typing import Any

import pytest

import sst_otel
from sst_otel.sinks import logs
from tests.support import Tracking, tracking_in

MAIL, OTHER = "ann.keller@example.com", "bob.stone@example.org"


class Structured(logging.Formatter):
    """Writes every field, as formatters for log services do."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps({"message": record.getMessage(), "user": getattr(record, "user", None)})


@pytest.fixture
def tracked(tmp_path: Path) -> Iterator[Tracking]:
    with tracking_in(tmp_path, logs="shop,shop.*") as tracking:
        sst_otel.tag(MAIL, "email", owner_id="1")
        sst_otel.tag("Boston", "city", owner_id="1")
        sst_otel.tag(OTHER, "email", owner_id="2")
        yield tracking
        assert tracking.errors() == {}


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def logger(out: io.StringIO) -> logging.Logger:
    """Return a logger that nobody else listens to, as pytest does to all that are registered."""
    logger = logging.Logger("shop.orders", logging.INFO)
    logger.addHandler(logging.StreamHandler(out))
    return logger


class Account:
    """An object of the application, which says how often it was asked for its text."""

    asked = 0

    def __str__(self) -> str:
        self.asked += 1
        return f"account of {MAIL}"


def test_a_line(tracked: Tracking, logger: logging.Logger, out: io.StringIO) -> None:
    logger.info("sent to %s in city=%s", MAIL, "Boston")
    assert out.getvalue() == f"sent to {MAIL} in city=Boston\n"
    assert tracked.shares() == [("logging shop.orders → StreamHandler", "1", ("city", "email"))]
    (row,) = tracked.rows()
    assert (row["event_type"], row["outcome"]) == ("file_write", "sent")
    assert row["metadata"]["code.function.name"] == "test_a_line"


@pytest.mark.parametrize(
    ("message", "args"),
    [
        (f"to {MAIL}", ()),
        ("to %(mail)s", ({"mail": MAIL},)),
        ("to %r", ([MAIL],)),
        ({"mail": MAIL}, ()),
        ("%s", (ValueError(MAIL),)),
    ],
    ids=["text", "named", "a list", "an object", "an error"],
)
def test_ways_of_saying_it(
    tracked: Tracking, logger: logging.Logger, message: Any, args: tuple[Any, ...]
) -> None:
    logger.warning(message, *args)
    assert [(owner, types) for _, owner, types in tracked.shares()] == [("1", ("email",))]


def test_an_object_is_asked_once_as_ever(tracked: Tracking, logger: logging.Logger) -> None:
    account = Account()
    logger.info("hello %s", account)
    assert account.asked == 1
    assert len(tracked.shares()) == 1


def test_what_an_error_says(tracked: Tracking, logger: logging.Logger, out: io.StringIO) -> None:
    try:
        raise KeyError(MAIL)
    except KeyError:
        logger.exception("failed")
    assert MAIL in out.getvalue()
    assert [(owner, types) for _, owner, types in tracked.shares()] == [("1", ("email",))]


def test_two_people_in_a_line(tracked: Tracking, logger: logging.Logger) -> None:
    logger.info("%s wrote to %s", MAIL, OTHER)
    assert sorted(owner for _, owner, _ in tracked.shares()) == ["1", "2"]


class TestExtraFields:
    """They are shared where a handler writes them."""

    def test_they_are_not_written(self, tracked: Tracking, logger: logging.Logger) -> None:
        logger.info("hello", extra={"user": MAIL})
        assert tracked.shares() == []

    @pytest.mark.parametrize(
        "formatter",
        [
            Structured(),
            logging.Formatter("%(message)s %(user)s"),
            logging.Formatter("{user:>30}", style="{"),
            logging.Formatter("${user}", style="$"),
        ],
        ids=["structured", "%", "{", "$"],
    )
    def test_they_are_written(
        self,
        tracked: Tracking,
        logger: logging.Logger,
        out: io.StringIO,
        formatter: logging.Formatter,
    ) -> None:
        logger.handlers[0].setFormatter(formatter)
        logger.info("hello", extra={"user": MAIL})
        assert MAIL in out.getvalue()
        assert [(owner, types) for _, owner, types in tracked.shares()] == [("1", ("email",))]


class TestTheSameAgain:
    """A line that says the same of a person again within a minute is counted, not reported."""

    def say(self, logger: logging.Logger, *mails: str) -> None:
        for mail in mails:
            logger.info("seen %s", mail)

    def test_once_a_minute(
        self, tracked: Tracking, logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.say(logger, MAIL, MAIL, MAIL, OTHER)
        assert [owner for _, owner, _ in tracked.shares()] == ["1", "2"]
        monkeypatch.setattr(logs, "SECONDS", 0.0)
        self.say(logger, MAIL, OTHER)
        assert [row["metadata"].get("sst.repeated") for row in tracked.rows()] == [
            None,
            None,
            2,
            None,
        ]

    def test_another_line_is_another(self, tracked: Tracking, logger: logging.Logger) -> None:
        logger.info("seen %s", MAIL)
        logger.info("met %s", MAIL)
        assert len(tracked.shares()) == 2

    def test_lines_beyond_number(
        self, tracked: Tracking, logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(logs, "MAX_LINES", 3)
        for number in range(20):
            record = logger.makeRecord("shop.orders", 20, "f.py", number, MAIL, (), None)
            logger.handle(record)
        assert len(tracked.shares()) == 20


class TestWhatIsLeftAlone:
    """Other loggers, levels that are off, records without a handler, our own."""

    def test_other_loggers(self, tracked: Tracking, out: io.StringIO) -> None:
        other = logging.getLogger("elsewhere")
        handler = logging.StreamHandler(out)
        other.addHandler(handler)
        other.warning(MAIL)
        other.removeHandler(handler)
        assert MAIL in out.getvalue()
        assert tracked.shares() == []

    def test_levels_that_are_off(self, tracked: Tracking, logger: logging.Logger) -> None:
        logger.debug("to %s", MAIL)
        logger.handlers[0].setLevel(logging.ERROR)
        logger.info("to %s", MAIL)
        assert tracked.shares() == []

    def test_a_filter(self, tracked: Tracking, logger: logging.Logger) -> None:
        def nothing(_record: logging.LogRecord) -> bool:
            return False

        logger.addFilter(nothing)
        logger.info("to %s", MAIL)
        logger.removeFilter(nothing)
        assert tracked.shares() == []

    def test_nobodys_lines(self, tracked: Tracking, logger: logging.Logger) -> None:
        logger.info("%d orders in %s", 17, "Paris")
        assert tracked.shares() == []

    def test_a_line_that_cannot_be_formatted(
        self, tracked: Tracking, logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(logging, "raiseExceptions", False)
        logger.info("to %d", MAIL)
        assert tracked.shares() == []

    def test_nothing_set(self, tmp_path: Path) -> None:
        with tracking_in(tmp_path):
            assert type(vars(logging.Logger)["callHandlers"]).__name__ == "function"

    def test_our_own_and_the_stores(self, tmp_path: Path, out: io.StringIO) -> None:
        handler = logging.StreamHandler(out)
        with tracking_in(tmp_path, logs=True) as tracking:
            sst_otel.tag(MAIL, "email", owner_id="1")
            for name in ("sst_otel", "opentelemetry.sdk"):
                logging.getLogger(name).addHandler(handler)
                logging.getLogger(name).warning(MAIL)
                logging.getLogger(name).removeHandler(handler)
            assert tracking.shares() == []


def test_a_logger_named_after_a_person(tmp_path: Path, out: io.StringIO) -> None:
    with tracking_in(tmp_path, logs="on") as tracking:
        sst_otel.tag("keller", "last_name", owner_id="1")
        sst_otel.tag(MAIL, "email", owner_id="1")
        named = logging.Logger("user.keller")
        named.addHandler(logging.StreamHandler(out))
        named.warning("to %s", MAIL)
        assert [place for place, *_ in tracking.shares()] == ["logging user.{key} → StreamHandler"]


def test_a_queue_and_another_thread(tracked: Tracking, logger: logging.Logger) -> None:
    lines: queue.SimpleQueue[Any] = queue.SimpleQueue()
    handler = QueueHandler(lines)
    logger.addHandler(handler)
    thread = threading.Thread(target=logger.info, args=("to %s", MAIL))
    thread.start()
    thread.join()
    logger.removeHandler(handler)
    assert lines.get().getMessage() == f"to {MAIL}"
    ((place, owner, _),) = tracked.shares()
    assert (place, owner) == ("logging shop.orders → StreamHandler, QueueHandler", "1")
