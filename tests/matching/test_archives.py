"""Archives: what their members hold is read, whatever the archive is like."""

from __future__ import annotations

import io
import zipfile

import pytest

from sst_otel.matching.archives import MAX_BYTES, MAX_MEMBERS, members
from sst_otel.matching.compression import Budget
from sst_otel.shares import Part

from .conftest import World

EXPORT = "id;mail;phone\n17;ann.smith@example.com;+1 201 555 0123\n"


class _Stream(io.BytesIO):
    """A file that cannot go back, so that sizes stand behind the content."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: object) -> int:
        raise OSError


def archive(*documents: str, stream: bool = False, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = _Stream() if stream else io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as opened:
        for number, document in enumerate(documents):
            opened.writestr(f"people/{number}.csv", document)
    return out.getvalue()


@pytest.mark.parametrize("stream", [False, True])
def test_all_members(stream: bool) -> None:
    found = list(members(archive("one", "", "two" * 5_000, stream=stream)))
    assert [(name, len(content)) for name, content in found] == [
        ("people/0.csv", 3),
        ("people/1.csv", 0),
        ("people/2.csv", 15_000),
    ]


def test_stored_members() -> None:
    made = archive("one", "two", method=zipfile.ZIP_STORED)
    assert [content for _, content in members(made)] == [b"one", b"two"]


def test_other_compressions_are_passed_over() -> None:
    made = archive("one" * 99, method=zipfile.ZIP_BZIP2)
    assert list(members(made)) == []


def test_what_is_left_out_is_counted() -> None:
    zeros = "0" * (MAX_BYTES // 2)
    for made, cut in (
        (archive("one" * 99, "two"), 0),
        (archive(zeros, zeros, "more"), 1),
        (archive(zeros, zeros + "x"), 1),
        (archive(zeros, zeros + "x", method=zipfile.ZIP_STORED), 1),
        (archive(*["one"] * (MAX_MEMBERS + 2)), 1),
        (archive("one" * 99, "two", method=zipfile.ZIP_BZIP2), 2),
        (archive("one", method=zipfile.ZIP_STORED, stream=True), 1),
    ):
        budget = Budget(MAX_BYTES)
        list(members(made, budget))
        assert budget.cut == cut


@pytest.mark.parametrize("cut", [3, 20, 33, 45])
def test_a_cut_archive(cut: int) -> None:
    made = archive("one" * 99, "two")
    assert len(list(members(made[:cut]))) <= 1


def test_damage() -> None:
    made = bytearray(archive("one" * 99))
    made[42:50] = b"\xff" * 8
    assert list(members(bytes(made))) == []


def test_a_bomb_ends() -> None:
    made = archive(*["0" * 3_000_000] * 5)
    assert sum(len(content) for _, content in members(made)) == MAX_BYTES


@pytest.mark.parametrize("stream", [False, True])
def test_people_in_an_export(world: World, stream: bool) -> None:
    made = archive(EXPORT, "nothing", stream=stream)
    assert world.found(Part("body", made)) == {"ann": {"email": "normalized", "phone": "exact"}}


def test_an_export_among_the_fields_of_a_form(world: World) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n'
    form = head + archive(EXPORT) + b"\r\n--b--\r\n"
    assert set(world.found(Part("body", form))["ann"]) == {"email", "phone"}
