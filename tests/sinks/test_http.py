"""requests, httpx, httpx2 and the openai SDK against a loopback vendor: every way of calling."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import httpx2
import openai
import pytest
import requests

import sst_otel
from tests.support import Tracking, Vendor

MAIL = "ann.keller@example.com"
PEOPLE = ("1", ("email",))


@pytest.fixture(autouse=True)
def ann(tracking: Tracking) -> None:
    sst_otel.tag(MAIL, "email", owner_id="1")


def chunks() -> Iterator[bytes]:
    yield b'{"mail": "ann.kel'
    yield b'ler@example.com"}'


def httpx_async(url: str, **kwargs: Any) -> None:
    async def post() -> None:
        async with httpx.AsyncClient() as client:
            await client.post(url, **kwargs)

    asyncio.run(post())


async def async_chunks() -> Any:
    for chunk in chunks():
        yield chunk


CALLS: dict[str, Callable[[str], object]] = {
    "requests json": lambda url: requests.post(url, json={"mail": MAIL}),
    "requests form": lambda url: requests.post(url, data={"mail": MAIL}),
    "requests query": lambda url: requests.get(url, params={"mail": MAIL}),
    "requests text": lambda url: requests.put(url, data=f"mail is {MAIL}"),
    "requests header": lambda url: requests.get(url, headers={"X-Mail": MAIL}),
    "requests cookie": lambda url: requests.get(url, cookies={"mail": MAIL}),
    "requests multipart": lambda url: requests.post(url, files={"f": ("a.txt", f"to {MAIL}")}),
    "requests session": lambda url: requests.Session().patch(url, json=[MAIL]),
    "requests prepared": lambda url: requests.Session().send(
        requests.Request("POST", url, data=MAIL).prepare()
    ),
    "requests generator": lambda url: requests.post(url, data=chunks()),
    "requests file": lambda url: requests.post(url, data=io.BytesIO(b"".join(chunks()))),
    "httpx json": lambda url: httpx.post(url, json={"mail": MAIL}),
    "httpx form": lambda url: httpx.post(url, data={"mail": MAIL}),
    "httpx query": lambda url: httpx.get(url, params={"mail": MAIL}),
    "httpx generator": lambda url: httpx.post(url, content=chunks()),
    "httpx multipart": lambda url: httpx.post(url, files={"f": ("a.txt", f"to {MAIL}".encode())}),
    "httpx async": lambda url: httpx_async(url, json={"mail": MAIL}),
    "httpx async stream": lambda url: httpx_async(url, content=async_chunks()),
    "httpx2 json": lambda url: httpx2.post(url, json={"mail": MAIL}),
}


@pytest.mark.parametrize("call", [pytest.param(call, id=name) for name, call in CALLS.items()])
def test_each_way_of_calling_is_one_event(
    call: Callable[[str], object], tracking: Tracking, vendor: Vendor
) -> None:
    call(f"{vendor.url}/v1/contact")
    ((destination, *found),) = tracking.shares()
    assert tuple(found) == PEOPLE
    assert destination.endswith("127.0.0.1/v1/contact")
    assert [row["outcome"] for row in tracking.rows()] == ["sent"]
    assert len(vendor.received) == 1
    assert "/sinks/test_http.py" in tracking.rows()[0]["metadata"]["code.file.path"]


def test_streams_arrive_whole_and_are_given_back(tracking: Tracking, vendor: Vendor) -> None:
    body = chunks()
    response = requests.post(vendor.url, data=body)
    assert response.request.body is body  # type: ignore[comparison-overlap]
    assert vendor.received[0][2] == b'{"mail": "ann.keller@example.com"}'


def test_a_stream_beside_a_header_is_one_event_with_both(
    tracking: Tracking, vendor: Vendor
) -> None:
    sst_otel.tag("+4915123456701", "phone", owner_id="1")
    headers = {"X-Phone": "+4915123456701"}
    for send in (
        requests.post,
        lambda url, data, headers: httpx.post(url, content=data, headers=headers),
    ):
        send(vendor.url, data=chunks(), headers=headers)
    requests.post(vendor.url, data=iter(()), headers=headers)
    found = [types for _, _, types in tracking.shares()]
    assert found == [("email", "phone"), ("email", "phone"), ("phone",)]


class TestOneEventPerCall:
    """Retries and redirects within a host are one event; another host is another."""

    def test_redirect_to_the_same_host(self, tracking: Tracking, vendor: Vendor) -> None:
        vendor.redirects["/a"] = f"{vendor.url}/b"
        requests.post(f"{vendor.url}/a", json={"mail": MAIL})
        httpx.post(f"{vendor.url}/a", json={"mail": MAIL}, follow_redirects=True)
        assert len(vendor.received) == 4
        assert len(tracking.shares()) == 2

    def test_redirect_to_another_host(self, tracking: Tracking, vendor: Vendor) -> None:
        vendor.redirects["/a"] = f"http://localhost:{vendor.port}/b"
        requests.post(f"{vendor.url}/a", json={"mail": MAIL})
        hosts = [row["metadata"]["server.address"] for row in tracking.rows()]
        assert hosts == ["127.0.0.1", "localhost"]

    def test_retries_of_an_sdk(self, tracking: Tracking, vendor: Vendor) -> None:
        vendor.failures["/v1/responses"] = 1
        client = openai.OpenAI(api_key="k", base_url=f"{vendor.url}/v1", max_retries=1)
        client.responses.create(model="m", input=f"Write to {MAIL}")
        assert len(vendor.received) == 2
        assert len(tracking.shares()) == 1

    def test_calls_made_inside_a_call_answer_for_themselves(
        self, tracking: Tracking, vendor: Vendor
    ) -> None:
        """An SDK that fetches a token on the way does not share the payload with who gives it."""

        def auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
            token = requests.post(f"{vendor.url}/token", json={"client": "shop"}).json()["id"]
            request.headers["X-Token"] = token
            return request

        requests.post(f"{vendor.url}/v1/contact", json={"mail": MAIL}, auth=auth)
        assert [path for _, path, _ in vendor.received] == ["/token", "/v1/contact"]
        ((destination, *_),) = tracking.shares()
        assert destination.endswith("/v1/contact")

    def test_two_calls_are_two_events(self, tracking: Tracking, vendor: Vendor) -> None:
        for _ in range(2):
            requests.post(vendor.url, json={"mail": MAIL})
        assert len(tracking.shares()) == 2

    def test_a_call_without_personal_data_is_none(self, tracking: Tracking, vendor: Vendor) -> None:
        requests.get(f"{vendor.url}/rates", params={"base": "USD"})
        assert tracking.shares() == []


class TestOpenAI:
    """The SDK's operation names the destination, the host its organisation."""

    def test_operations(self, tracking: Tracking, vendor: Vendor) -> None:
        client = openai.OpenAI(api_key="k", base_url=f"{vendor.url}/v1")
        answer = client.responses.create(model="llama", input=f"Write to {MAIL}")
        assert answer.output_text == "Save more."
        client.chat.completions.create(
            model="llama", messages=[{"role": "user", "content": f"Write to {MAIL}"}]
        )

        async def ask() -> None:
            async with openai.AsyncOpenAI(api_key="k", base_url=f"{vendor.url}/v1") as later:
                await later.responses.create(model="llama", input=f"Write to {MAIL}")

        asyncio.run(ask())
        assert [destination for destination, *_ in tracking.shares()] == [
            "OpenAI/127.0.0.1:responses.create",
            "OpenAI/127.0.0.1:chat.completions.create",
            "OpenAI/127.0.0.1:responses.create",
        ]
        row = tracking.rows()[1]
        assert row["metadata"]["gen_ai.request.model"] == "llama"
        assert row["paths"] == ["messages[0].content"]


class TestHarmlessness:
    """What the application gets back is what it would have got."""

    def test_errors_pass_unchanged_and_are_outcomes(self, tracking: Tracking) -> None:
        with pytest.raises(requests.ConnectionError) as caught:
            requests.post("http://127.0.0.1:1/x", json={"mail": MAIL})
        assert [row["outcome"] for row in tracking.rows()] == ["failed"]
        ours = [
            entry
            for entry in _frames(caught.value)
            if "/sst_otel/" in entry.f_code.co_filename
            and "/tests/" not in entry.f_code.co_filename
        ]
        assert not ours

    def test_an_unreadable_body_object_is_left_alone(
        self, tracking: Tracking, vendor: Vendor
    ) -> None:
        class Body:
            def __iter__(self) -> Iterator[bytes]:
                return chunks()

        requests.post(vendor.url, data=Body())
        assert json.loads(vendor.received[0][2]) == {"mail": MAIL}
        assert len(tracking.shares()) == 1

    def test_stop_makes_everything_the_original(self, vendor: Vendor) -> None:
        sst_otel.stop_tracking()
        assert type(vars(requests.adapters.HTTPAdapter)["send"]).__name__ == "function"
        assert type(vars(requests.Session)["send"]).__name__ == "function"
        assert type(vars(httpx.Client)["send"]).__name__ == "function"
        requests.post(vendor.url, json={"mail": MAIL})
        assert len(vendor.received) == 1


def _frames(error: BaseException) -> Iterator[Any]:
    while error is not None:
        entry = error.__traceback__
        while entry is not None:
            yield entry.tb_frame
            entry = entry.tb_next
        error = error.__context__  # type: ignore[assignment]
