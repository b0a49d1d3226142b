"""Files that are set to be watched: whose data is in them when they are closed."""

from __future__ import annotations

import builtins
import csv
import gc
import gzip
import io
import json
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas
import pytest

import sst_otel
from sst_otel.sinks import written
from tests.support import Tracking, tracking_in

MAIL, OTHER = "ann.keller@example.com", "bob.stone@example.org"
ROWS = [{"mail": MAIL, "city": "Boston"}, {"mail": OTHER, "city": "Leeds"}]
PLAIN_OPEN = builtins.open


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "exports"
    found.mkdir()
    return found


@pytest.fixture
def tracked(tmp_path: Path, folder: Path) -> Iterator[Tracking]:
    with tracking_in(tmp_path, files=[f"{folder}/*.csv", f"{folder}/*.bin"]) as tracking:
        sst_otel.tag(MAIL, "email", owner_id="1")
        sst_otel.tag("Boston", "city", owner_id="1")
        sst_otel.tag(OTHER, "email", owner_id="2")
        yield tracking
        assert tracking.errors() == {}


def with_writer(path: Path) -> None:
    with open(path, "w", newline="") as out:
        writer = csv.DictWriter(out, ["mail", "city"])
        writer.writeheader()
        writer.writerows(ROWS)


def with_pandas(path: Path) -> None:
    pandas.DataFrame(ROWS).to_csv(path, index=False)


def with_pathlib(path: Path) -> None:
    path.write_text("mail,city\n" + "".join(f"{row['mail']},{row['city']}\n" for row in ROWS))


def with_bytes(path: Path) -> None:
    with open(file=path, mode="wb") as out:
        out.writelines([b"mail,city\n", f"{MAIL},Boston\n".encode(), f"{OTHER},Leeds\n".encode()])


def with_print(path: Path) -> None:
    with io.open(str(path), "a+", encoding="utf-16") as out:  # noqa: UP020
        for row in ({"mail": "mail", "city": "city"}, *ROWS):
            print(row["mail"], row["city"], sep=",", file=out, flush=True)


def with_gzip(path: Path) -> None:
    with gzip.open(path, "wt") as out:
        out.write("mail,city\n" + "".join(f"{row['mail']},{row['city']}\n" for row in ROWS))


def with_lines_of_json(path: Path) -> None:
    with open(path, "x") as out:
        for row in ROWS:
            json.dump(row, out)
            out.write("\n")


WAYS = [with_writer, with_pandas, with_pathlib, with_bytes, with_gzip, with_lines_of_json]


@pytest.mark.parametrize("way", WAYS)
def test_each_way_of_writing_gives_one_event_a_person(
    tracked: Tracking, folder: Path, way: Callable[[Path], None]
) -> None:
    path = folder / "ann.keller.csv"
    way(path)
    assert sorted(tracked.shares()) == [
        (f"file {folder}/*.csv", "1", ("city", "email")),
        (f"file {folder}/*.csv", "2", ("email",)),
    ]
    for row in tracked.rows():
        assert row["event_type"] == "file_write"
        assert row["outcome"] == "sent"
        assert row["metadata"]["code.file.path"].endswith("test_files.py")
        assert "ann" not in json.dumps(row).replace("test_files", "")


def test_flushes_are_looked_at_as_they_come(tracked: Tracking, folder: Path) -> None:
    with_print(folder / "a.csv")
    people = [owner for _, owner, _ in tracked.shares()]
    assert sorted(people) == ["1", "2"]


@pytest.mark.parametrize("way", WAYS)
def test_the_file_is_what_it_would_have_been(
    tracked: Tracking, folder: Path, tmp_path: Path, way: Callable[[Path], None]
) -> None:
    way(folder / "a.csv")
    sst_otel.stop_tracking()
    way(tmp_path / "a.csv")
    read = gzip.decompress if way is with_gzip else bytes
    assert read((folder / "a.csv").read_bytes()) == read((tmp_path / "a.csv").read_bytes())


class TestTheObject:
    """It behaves as the one that ``open`` returns without us."""

    def test_its_type_and_attributes(self, tracked: Tracking, folder: Path) -> None:
        for mode, kind in (("w", io.TextIOWrapper), ("wb", io.BufferedWriter)):
            with open(folder / "a.csv", mode) as ours, PLAIN_OPEN(folder / "b.txt", mode) as theirs:
                assert isinstance(ours, kind)
                assert type(ours) is not type(theirs)
                assert repr(type(ours)) == repr(type(theirs))
                for name in ("mode", "encoding", "errors", "line_buffering", "newlines"):
                    assert getattr(ours, name, None) == getattr(theirs, name, None)

    @pytest.mark.filterwarnings("ignore::ResourceWarning")
    def test_a_writer_keeps_it_open(self, tracked: Tracking, folder: Path) -> None:
        writer = csv.writer(open(folder / "a.csv", "w"))  # noqa: SIM115
        gc.collect()
        writer.writerow([MAIL])
        del writer
        gc.collect()
        assert (folder / "a.csv").read_text().strip() == MAIL

    @pytest.mark.filterwarnings("ignore::ResourceWarning")
    def test_it_is_closed_when_nobody_holds_it(self, tracked: Tracking, folder: Path) -> None:
        open(folder / "a.csv", "w").write(MAIL)  # noqa: SIM115
        assert (folder / "a.csv").read_text() == MAIL
        assert len(tracked.shares()) == 1

    def test_reading_and_writing_and_seeking(self, tracked: Tracking, folder: Path) -> None:
        with open(folder / "a.bin", "w+b") as out:
            pickle.dump([MAIL], out)
            out.seek(0)
            assert pickle.load(out) == [MAIL]
            out.truncate(0)
        assert len(tracked.shares()) == 1

    def test_its_errors(self, tracked: Tracking, folder: Path) -> None:
        out = open(folder / "a.csv", "w", encoding="ascii")  # noqa: SIM115
        with pytest.raises(TypeError, match="must be str, not int"):
            out.write(5)  # type: ignore[arg-type]
        with pytest.raises(UnicodeEncodeError):
            out.write("é")
        out.close()
        out.close()
        with pytest.raises(ValueError, match="closed file"):
            out.write(MAIL)
        with pytest.raises(FileExistsError):
            open(folder / "a.csv", "x")  # noqa: SIM115
        assert tracked.shares() == []

    def test_a_full_disk(self, tracked: Tracking, folder: Path) -> None:
        (folder / "a.csv").symlink_to("/dev/full")
        out = open(folder / "a.csv", "w")  # noqa: SIM115
        out.write(MAIL)
        with pytest.raises(OSError, match="No space left"):
            out.close()
        assert [row["outcome"] for row in tracked.rows()] == ["failed"]

    def test_a_childs_output(self, tracked: Tracking, folder: Path) -> None:
        with open(folder / "a.csv", "w") as out:
            subprocess.run([sys.executable, "-c", "print('x')"], stdout=out, check=True)
        assert (folder / "a.csv").read_text() == "x\n"


class TestBatches:
    """A file of any length is looked at, in pieces, with its header above each."""

    def test_a_long_table(
        self, tracked: Tracking, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(written, "BATCH", 5_000)
        with open(folder / "a.csv", "w") as out:
            out.write("mail,city\n")
            out.writelines(f"x{number}@example.net,Paris\n" for number in range(1_000))
            out.write(f"{MAIL},Boston\n")
            out.writelines(f"x{number}@example.net,Paris\n" for number in range(1_000))
            out.write(f"{MAIL},Boston\n")
        assert [types for *_, types in tracked.shares()] == [("city", "email")]

    def test_a_huge_piece(self, tracked: Tracking, folder: Path) -> None:
        with open(folder / "a.bin", "wb") as out:
            out.write(MAIL.encode() + b" " * 5_000_000)
        assert tracked.rows()[0]["metadata"]["sst.unread"] == 1


class TestWhatIsLeftAlone:
    """Other files, reading, open descriptors; and all of them where nothing is set."""

    def test_other_files(self, tracked: Tracking, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "other.csv").write_text(MAIL)
        (folder / "other.txt").write_text(MAIL)
        with open(folder / "other.csv", "w") as out:
            out.write("nobody's")
        assert (folder / "other.csv").read_text() == "nobody's"
        assert tracked.shares() == []

    def test_nothing_set(self, tmp_path: Path) -> None:
        with tracking_in(tmp_path):
            assert builtins.open is PLAIN_OPEN

    def test_stop_gives_it_back(self, tracked: Tracking) -> None:
        found: Any = builtins.open
        assert found is not PLAIN_OPEN
        sst_otel.stop_tracking()
        assert builtins.open is PLAIN_OPEN
        assert io.open is PLAIN_OPEN
