"""Dates and times: reading, writing, computing."""

from __future__ import annotations

import datetime

from sst_otel.lineage.functions.rules import (
    Follow,
    by_result,
    carries,
    computes,
    nothing,
    same_value,
)

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
        "strptime": nothing,
    },
    "calendar": {name: computes(name) for name in ("timegm", "weekday", "monthrange")},
    "dateutil.parser": {"parse": carries("parse"), "isoparse": carries("isoparse")},
    "dateutil.relativedelta": {"relativedelta": by_result("relativedelta", computed=True)},
    "dateutil.parser._parser": {"parse": carries("parse")},
}
METHODS: dict[str, dict[str, Follow]] = {}
