"""Two services of one owner in a row, then somebody else: the line goes on, and ends with us."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sst_otel.audit import open_reader
from sst_otel.keys import load_keys
from sst_otel.settings import load_settings
from tests.support import Vendor
from tests.system.launch import OTEL, Launched, launched, wait_until

RELAY = (OTEL, "flask", "--app", "relay", "run", "--port", "{port}")
KEY = "a-key-that-both-of-them-have-got"
MEMBER = "QX-774-19-KLP-2"
MAIL = "ann.keller@example.com"


@pytest.fixture
def second(tmp_path: Path, vendor: Vendor) -> Iterator[Launched]:
    traces = {"OTEL_TRACES_EXPORTER": "console", "OTEL_BSP_SCHEDULE_DELAY": "20"}
    with launched(tmp_path / "b", vendor.url, RELAY, {"SST_KEY": KEY, **traces}) as service:
        yield service


@pytest.fixture
def first(tmp_path: Path, vendor: Vendor, second: Launched) -> Iterator[Launched]:
    environ = {
        "SST_KEY": KEY,
        "SST_TRUSTED_HOSTS": second.url.removeprefix("http://"),
        "NEXT": second.url,
        "OTEL_PROPAGATORS": "tracecontext,sst",
        "PYTHONPATH": os.pathsep.join([_with_entry_point(tmp_path), *_path()]),
    }
    with launched(tmp_path / "a", vendor.url, RELAY, environ) as service:
        yield service


def _path() -> list[str]:
    return [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]


def _with_entry_point(folder: Path) -> str:
    """Return a folder with what the project's own metadata say of the propagator."""
    project = (Path(__file__).resolve().parents[2] / "pyproject.toml").read_text()
    entry = project.partition("[project.entry-points.opentelemetry_propagator]\n")[2]
    metadata = folder / "path" / "entry-1.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: entry\nVersion: 1\n")
    name, _, target = entry.splitlines()[0].partition(" = ")
    points = f"[opentelemetry_propagator]\n{name} = {target.strip(chr(34))}\n"
    (metadata / "entry_points.txt").write_text(points)
    return str(metadata.parent)


def parents(service: Launched) -> dict[str, list[str]]:
    """Return the parents of each tag in a service's store."""
    settings = load_settings(service.environ)
    keys = load_keys(settings.key, settings.key_file)
    with closing(open_reader(settings, keys)) as reader:
        rows, _ = reader.provenance(viewer=None, limit=1_000)
    return {row["tag_id"]: row["lineage"] for row in rows}


def tags(row: dict[str, Any]) -> dict[str, str]:
    return dict(zip(row["data_types"], row["tag_ids"], strict=True))


def test_the_line_of_a_datum_goes_through_both(
    first: Launched, second: Launched, vendor: Vendor
) -> None:
    client = first.client()
    client.post(f"{first.url}/log-in", data={"id": "7"})
    form = {"membership_number": MEMBER, "email": MAIL}
    answer = client.post(f"{first.url}/join", data=form, headers={"baggage": "team=blue"})
    assert answer.text == "taken"

    method, path, body, headers = vendor.messages.get(timeout=10)
    assert (method, path) == ("POST", "/crm")
    assert headers["baggage"] == "team=blue"
    assert "sst" not in f"{headers}{body!r}".lower()
    assert "tag_" not in f"{headers}{body!r}"

    wait_until(lambda: len(first.rows()) == len(second.rows()) == 1)
    (sent,), (forwarded,) = first.rows(), second.rows()
    assert sent["owner_id"] == "7"
    assert sent["trace_id"] == forwarded["trace_id"]
    assert set(sent["data_types"]) == {"user_id", "email"}
    assert tags(forwarded) == tags(sent)
    assert forwarded["metadata"]["sst.received.tag.ids"] == sent["tag_ids"]
    made_of = parents(second)
    assert [made_of[tag] for tag in forwarded["tag_ids"]] == [[], []]  # A's own, not made of them

    wait_until(lambda: '"sst.tag.ids"' in second.log())
    assert MEMBER not in second.log()
    for service in (first, second):
        assert service.ours() == []


def test_without_propagators_requests_are_answered(tmp_path: Path, vendor: Vendor) -> None:
    """OpenTelemetry's own instrumentation answers each with 500 then (1.45)."""
    environ = {"OTEL_PROPAGATORS": "none"}
    with launched(tmp_path / "a", vendor.url, RELAY, environ) as service:
        with service.client() as client:
            assert client.get(f"{service.url}/health").text == "ok"
        assert "Traceback" not in service.log()
