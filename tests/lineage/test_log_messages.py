"""What ``logging`` puts together of somebody's values is known when a handler sends it away."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import requests

import sst_otel
from sst_otel.lineage.hooks import messages
from tests.support import Tracking, Vendor


class _Sender(logging.Handler):
    """As handlers of log vendors: the formatted line in the body of a request."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        requests.post(self.url, data=self.format(record).encode(), timeout=20)


@pytest.fixture
def log(vendor: Vendor) -> Iterator[logging.Logger]:
    logger = logging.getLogger("sst.test.messages")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    sender = _Sender(f"{vendor.url}/lines")
    logger.addHandler(sender)
    yield logger
    logger.removeHandler(sender)


def _tagged(value: str, data_type: str) -> str:
    own = "".join(list(value))
    sst_otel.tag(own, data_type)
    return own


def test_a_family_name_in_a_line(log: logging.Logger, tracking: Tracking) -> None:
    with sst_otel.scope(7):
        name, town = _tagged("Quillfeather", "last_name"), _tagged("Rotterdam", "city")
        log.info("patient %s (from %s) booked room %d", name, town, 4)
        log.info("patient %(name)s was called twice", {"name": name})
        log.info("room %d is free again, said the desk", 4)
        log.info("nobody at all was here")
    assert [(owner, types) for _, owner, types in tracking.shares()] == [
        ("7", ("city", "last_name")),
        ("7", ("last_name",)),
    ]


def test_another_persons_line_is_not_theirs(log: logging.Logger, tracking: Tracking) -> None:
    with sst_otel.scope(7):
        log.info("patient %s booked room %d", _tagged("Quillfeather", "last_name"), 4)
    with sst_otel.scope(8):
        log.info("patient %s booked room %d", "Quill" + "er", 4)
    assert len(tracking.shares()) == 1


def test_the_programs_own_errors_and_objects_stay(tracking: Tracking) -> None:
    with sst_otel.scope(7):
        name = _tagged("Quillfeather", "last_name")

        def made(text: str, *given: Any) -> logging.LogRecord:
            return logging.LogRecord("a", logging.INFO, __file__, 1, text, given, None)

        assert made("%s", name).getMessage() is name
        assert made("%s, %s", name, 3).getMessage() == "Quillfeather, 3"
        with pytest.raises(TypeError, match="not enough arguments"):
            made("%s, %s", name).getMessage()
        assert made("100 %").getMessage() == "100 %"
    sst_otel.stop_tracking()
    assert logging.LogRecord.getMessage is messages.ORIGINAL
