"""Clients made early, subclassed, interrupted, and odd bodies: all as without us."""

from __future__ import annotations

import array
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import urllib3

import sst_otel
from tests.sinks.unruly import come_of
from tests.support import Vendor, tracking_in

ANN, BEA = "ann.keller@example.com", "bea.moser@example.com"
BODY = json.dumps({"mail": ANN}).encode()


class _Pieces:
    """An iterable body that can be asked for again, with a length of its own."""

    def __iter__(self) -> Iterator[bytes]:
        yield BODY[:9]
        yield BODY[9:]

    def __len__(self) -> int:
        return len(BODY)


class _Failing(io.BytesIO):
    """A file of which the second read fails, in C."""

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(9)
        self.close()
        return data


class _Text(str):
    pass


BODIES: dict[str, Callable[[Path], Any]] = {
    "bytearray": lambda _: bytearray(BODY),
    "memoryview": lambda _: memoryview(BODY),
    "array": lambda _: array.array("B", BODY),
    "own text": lambda _: _Text(BODY.decode()),
    "file": lambda path: path.open("rb"),
    "text file": lambda path: path.open(),
    "text in memory": lambda _: io.StringIO(BODY.decode()),
    "pieces": lambda _: _Pieces(),
    "failing file": lambda _: _Failing(BODY),
    "numbers": lambda _: iter([1, 2]),
    "no body": lambda _: object(),
}


def _post_requests(url: str, body: Any) -> Any:
    return requests.post(url, data=body, timeout=20).status_code


def _post_urllib3(url: str, body: Any) -> Any:
    with urllib3.PoolManager(retries=False) as pool:
        return pool.request("POST", url, body=body).status


def _post_httpx(url: str, body: Any) -> Any:
    return httpx.post(url, content=body, trust_env=False).status_code


@pytest.mark.parametrize("post", [_post_requests, _post_urllib3, _post_httpx])
@pytest.mark.parametrize("kind", BODIES)
def test_bodies_of_every_kind(
    kind: str, post: Callable[[str, Any], Any], vendor: Vendor, tmp_path: Path
) -> None:
    path = tmp_path / "body.json"
    path.write_bytes(BODY)

    def once() -> tuple[Any, list[Any]]:
        body = BODIES[kind](path)
        came = come_of(lambda: post(vendor.url, body))
        if hasattr(body, "close"):
            body.close()
        received, vendor.received[:] = list(vendor.received), []
        return came, [] if came.error else received  # of what failed it may have seen a part

    alone = once()
    with tracking_in(tmp_path) as tracking:
        sst_otel.tag(ANN, "email", owner_id="1")
        assert once() == alone
        if not alone[0].error:
            assert len(tracking.shares()) == 1
        assert tracking.errors() == {}


class _Session(requests.Session):
    def send(self, request: Any, **kwargs: Any) -> Any:
        request.headers["x-own"] = "1"
        return super().send(request, **kwargs)


class _Adapter(requests.adapters.HTTPAdapter):
    def send(self, request: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        return super().send(request, **kwargs)


class _Client(httpx.Client):
    def send(self, request: Any, **kwargs: Any) -> Any:
        return super().send(request, **kwargs)


def test_clients_made_before_and_subclasses(vendor: Vendor, tmp_path: Path) -> None:
    session, plain = _Session(), requests.Session()
    session.mount("http://", _Adapter())
    with session, plain, _Client(trust_env=False) as own, urllib3.PoolManager() as pool:
        for _ in range(2):  # connections that were opened before tracking began
            plain.post(vendor.url, BODY)
            own.post(vendor.url, content=BODY)
            pool.request("POST", vendor.url, body=BODY)
        vendor.received.clear()
        with tracking_in(tmp_path) as tracking:
            sst_otel.tag(ANN, "email", owner_id="1")
            session.post(vendor.url, BODY)
            plain.post(vendor.url, BODY)
            own.post(vendor.url, content=BODY)
            pool.request("POST", vendor.url, body=BODY)
            assert [body for _, _, body in vendor.received] == [BODY] * 4
            assert len(tracking.shares()) == 4
            assert tracking.errors() == {}
        plain.post(vendor.url, BODY)
    assert len(vendor.received) == 5
