"""Dates and times: reading, writing, computing."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from sst_otel.lineage import carriers, marks
from sst_otel.lineage.functions.rules import (
    Follow,
    by_result,
    carries,
    computes,
    nothing,
    same_value,
)


def _taken_apart(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``time.strptime(text, …)``, ``date.timetuple()``: the whole date, in a tuple."""
    sources = marks.found(args[:1])
    if sources and carriers.is_carrier(type(result)):
        carriers.hold(result, marks.data_of(sources))


_READING = ("fromisoformat", "strptime", "fromtimestamp", "fromordinal", "utcfromtimestamp")
CLASS_METHODS: dict[type, dict[str, Follow]] = {
    datetime.date: {
        **dict.fromkeys(_READING, same_value),
        "fromisocalendar": computes("fromisocalendar"),
        "today": nothing,
    },
    datetime.datetime: {
        **dict.fromkeys(_READING, same_value),
        "combine": carries("combine"),
        "fromisocalendar": computes("fromisocalendar"),
        **dict.fromkeys(("now", "utcnow", "today"), nothing),
    },
    datetime.time: {"fromisoformat": same_value},
}
RULES: dict[str, dict[str, Follow]] = {
    "datetime": {name: computes(name) for name in ("date", "datetime", "timedelta", "time")},
    "time": {
        **{name: by_result(name) for name in ("strftime", "mktime", "localtime", "gmtime")},
        "strptime": _taken_apart,
    },
    "calendar": {name: computes(name) for name in ("timegm", "weekday", "monthrange")},
    "dateutil.parser": {"parse": carries("parse"), "isoparse": carries("isoparse")},
    "dateutil.relativedelta": {"relativedelta": by_result("relativedelta", computed=True)},
    "dateutil.parser._parser": {"parse": carries("parse")},
    # What marshmallow, among others, puts in the place of the standard ones up to Python 3.10.
    "backports._datetime_fromisoformat": {
        f"{kind}_fromisoformat": same_value for kind in ("date", "datetime", "time")
    },
}
SCALAR: dict[str, Follow] = dict.fromkeys(("timetuple", "utctimetuple"), _taken_apart)
