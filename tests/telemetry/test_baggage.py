"""What is written for another service is read there, for five minutes, if nobody has changed it."""

from __future__ import annotations

import re

import pytest

from sst_otel.keys import Keys
from sst_otel.telemetry.baggage import MOST_BYTES, Told, Wire, without_ours

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
MAIL = "ann.keller@example.com"


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.5

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wire(clock: Clock) -> Wire:
    return Wire(Keys(b"k" * 32), clock)


def written(wire: Wire) -> list[str]:
    tags = [
        ("tag_" + "a" * 20, "email", wire.fingerprint("email", MAIL)),
        ("tag_" + "b" * 20, "country", ""),
        ("tag_" + "c" * 20, "first_name", "0123456789abcdef"),
    ]
    return list(wire.write(TRACE, "o" * 26, tags))


def test_it_is_read_as_it_was_written(wire: Wire) -> None:
    header = f"other=1, {','.join(written(wire))} ,last=2;p=3"
    assert wire.read(header, PARENT) == Told(
        "o" * 26,
        tuple("tag_" + letter * 20 for letter in "abc"),
        {
            ("email", wire.fingerprint("email", MAIL)): "tag_" + "a" * 20,
            ("first_name", "0123456789abcdef"): "tag_" + "c" * 20,
        },
    )


def test_a_fingerprint_is_of_the_normal_form_and_the_type_and_the_key(wire: Wire) -> None:
    mail = wire.fingerprint("email", MAIL)
    assert wire.fingerprint("email", " Ann.Keller@EXAMPLE.com") == mail
    assert wire.fingerprint("username", MAIL) != mail
    assert Wire(Keys(b"j" * 32), Clock()).fingerprint("email", MAIL) != mail


@pytest.mark.parametrize("name", ["owner", "tags", "fp", "t", "mac"])
@pytest.mark.parametrize("change", ["changed", "removed", "doubled", "encoded"])
def test_a_member_that_was_touched_makes_all_of_it_void(wire: Wire, name: str, change: str) -> None:
    members = written(wire)
    (place,) = [n for n, one in enumerate(members) if one.startswith(f"sst.{name}=")]
    last = members[place][-1]
    members[place : place + 1] = {
        "changed": [members[place][:-1] + ("1" if last != "1" else "2")],
        "removed": [],
        "doubled": [members[place]] * 2,
        "encoded": [members[place][:-1] + f"%{ord(last):02x}"],
    }[change]
    assert wire.read(",".join(members), PARENT) is None


@pytest.mark.parametrize("added", ["sst.more=1", "sst.owner2=x", "sst.=", "sst.tags;p=1"])
def test_a_member_that_was_added_makes_all_of_it_void(wire: Wire, added: str) -> None:
    assert wire.read(",".join([*written(wire), added]), PARENT) is None


@pytest.mark.parametrize(
    "parent",
    [
        PARENT.replace("0af7", "0af8"),
        "",
        "nonsense",
        f"00-{TRACE}",
        f"00-{TRACE.upper()}-b7ad6b7169203331-01",
    ],
)
def test_it_counts_in_its_own_trace_only(wire: Wire, parent: str) -> None:
    assert wire.read(",".join(written(wire)), parent) is None


def test_another_key_wrote_it(wire: Wire, clock: Clock) -> None:
    other = Wire(Keys(b"j" * 32), clock)
    assert wire.read(",".join(written(other)), PARENT) is None


@pytest.mark.parametrize(
    ("seconds", "counts"), [(0, True), (299, True), (301, False), (-59, True), (-62, False)]
)
def test_it_counts_for_five_minutes(wire: Wire, clock: Clock, seconds: float, counts: bool) -> None:
    header = ",".join(written(wire))
    clock.now += seconds
    assert (wire.read(header, PARENT) is not None) is counts


def test_it_is_short_and_needs_no_encoding(wire: Wire) -> None:
    tags = [(f"tag_{n:020}", "national_identity_number", "0123456789abcdef") for n in range(60)]
    header = ",".join(wire.write(TRACE, "o" * 26, tags))
    assert len(header) <= MOST_BYTES
    assert re.fullmatch(r"(sst\.[a-z]+=[A-Za-z0-9._~-]+,?)+", header)
    told = wire.read(header, PARENT)
    assert told is not None
    assert len(told.tags) > 20


@pytest.mark.parametrize("header", ["", ",", "sst.", "sst.mac=", "sst.t=1,sst.mac=é", "=,=sst.=,"])
def test_nonsense_is_nobodys_word(wire: Wire, header: str) -> None:
    assert wire.read(header, PARENT) is None


@pytest.mark.parametrize(
    ("header", "left"),
    [
        ("", ""),
        ("a=1,b=2;p", "a=1,b=2;p"),
        ("a=1 , sst.tags=x,b=%2C", "a=1 ,b=%2C"),
        ("sst.t=1,sst.mac=2", ""),
        (" SST.t=1, a=sst.b", "a=sst.b"),
        ("%73st.t=1,a=1", "a=1"),
        ("a=100%25", "a=100%25"),
        ("mysst.t=1", "mysst.t=1"),
    ],
)
def test_other_peoples_members_stay_as_they_are(header: str, left: str) -> None:
    assert without_ours(header) == left
