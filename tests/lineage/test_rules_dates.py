from __future__ import annotations

import pytest

from tests.lineage.rule_support import Rows, inherited

DT = "import datetime\nfrom datetime import date, timedelta\ntoday = date(2026, 1, 1)\n"
FLOWS: Rows = [
    (DT + "r = born.strftime('%d %B %Y')", "birthday:ada"),
    (DT + "r = born.strftime('%B')", "derived(strftime):ada"),
    (DT + "r = f'{born:%m/%d}'", "birthday:ada"),
    (
        DT + "r = datetime.datetime.strptime('1990', '%Y').replace(year=born.year)",
        "derived(year,replace):ada",
    ),
    (DT + "r = datetime.datetime.strptime(born.isoformat(), '%Y-%m-%d').date()", "birthday:ada"),
    (DT + "r = datetime.datetime.combine(born, datetime.time())", "birthday:ada"),
    (DT + "r = datetime.datetime(born.year, 1, 1)", "derived(year,datetime):ada"),
    (DT + "r = date(born.year, born.month, born.day)", "birthday:ada"),
    (DT + "r = seen.replace(tzinfo=datetime.timezone.utc)", "birthday:ada"),
    (DT + "r = seen.replace(tzinfo=datetime.timezone.utc).timestamp()", "birthday:ada"),
    (DT + "r = int(seen.replace(tzinfo=datetime.timezone.utc).timestamp())", "birthday:ada"),
    (
        DT + "r = f'{born.replace(month=1).month:02d}/{born.day}'",
        "composed derived(replace,month):ada derived(day):ada",
    ),
    (DT + "r = f'{born.year // born.year} item'", ""),
    (DT + "r = born.toordinal()", "birthday:ada"),
    (DT + "r = (today - born).days", "derived(sub,days):ada"),
    (DT + "r = (today - born).days / 365.25", "derived(sub,days,truediv):ada"),
    (DT + "r = (today - born).total_seconds()", "derived(sub,total_seconds):ada"),
    (DT + "r = born + timedelta(days=30)", "derived(add):ada"),
    (DT + "r = born.year // 10 * 10", "derived(year,floordiv,mul):ada"),
    (DT + "r = str(born.year)", "derived(year):ada"),
    (DT + "r = f'born in {born.year}'", "composed derived(year):ada"),
    (
        DT + "from zoneinfo import ZoneInfo\nr = seen.astimezone(ZoneInfo('Asia/Tokyo'))",
        "birthday:ada",
    ),
    (
        DT
        + "import time\nr = time.strftime('%d %b %Y', time.strptime(born.isoformat(), '%Y-%m-%d'))",
        "birthday:ada",
    ),
    (DT + "import calendar\nr = calendar.timegm(seen.timetuple())", "derived(timegm):ada"),
    (
        DT + "from dateutil.relativedelta import relativedelta as rd\nr = born + rd(months=3)",
        "derived(add):ada",
    ),
    (DT + "from dateutil import parser\nr = parser.parse(born.isoformat())", "birthday:ada"),
    (
        DT + "from email.utils import format_datetime\nr = format_datetime(seen)",
        "composed birthday:ada",
    ),
]
CLEAN = [
    DT + "r = today.isoformat()",
    DT + "r = today.year",
    DT + "r = born.strftime('no directive at all')",
    DT + "r = date(2026, 5, 17).strftime('%d %B %Y')",
    DT + "r = (today - date(2020, 1, 1)).days",
    DT + "r = born < today",
    DT + "r = born.tzinfo if hasattr(born, 'tzinfo') else 'text'",
]


@pytest.mark.parametrize(("code", "expected"), FLOWS, ids=[code for code, _ in FLOWS])
def test_date_inherits(code: str, expected: str) -> None:
    assert inherited(code) == expected


@pytest.mark.parametrize("code", CLEAN)
def test_date_inherits_nothing(code: str) -> None:
    assert inherited(code) == ""


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("date", "seen.isoformat()[:10]", "birthday:ada"),
        ("datetime", "seen.isoformat()", "birthday:ada"),
        ("time", "seen.time().isoformat()", "derived(time):ada"),
    ],
)
def test_reading_after_marshmallow_was_imported(kind: str, text: str, expected: str) -> None:
    """On Python 3.10 it puts functions of its own in the place of the class methods."""
    assert inherited(
        f"import datetime, marshmallow\nr = datetime.{kind}.fromisoformat({text})"
    ) == (expected)
