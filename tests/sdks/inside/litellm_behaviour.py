"""What a call by litellm is: tries of a router, its callbacks, objects handed over, failures."""

from __future__ import annotations

import asyncio
import importlib
from typing import Any

import pytest
import requests

import sst_otel
from tests.sdks.inside.models import ASK, MAIL, PROMPT, use  # before litellm: settings
from tests.sinks.llm_vendor import LLMVendor, llm_vendor
from tests.support import Tracking, tracking_in

litellm: Any = importlib.import_module("litellm")


@pytest.fixture
def given(server: LLMVendor) -> dict[str, Any]:
    return {"model": "openai/m", "api_key": "k", "api_base": f"{server.url}/v1"}


@pytest.fixture
def ann(tracking: Tracking) -> None:
    sst_otel.tag(MAIL, "email", owner_id="1")


@pytest.mark.usefixtures("ann")
class TestTries:
    @pytest.mark.parametrize("function", ["completion", "acompletion"])
    @pytest.mark.parametrize("stream", [False, True])
    def test_those_of_a_router_are_one_event(
        self, function: str, stream: bool, tracking: Tracking, server: LLMVendor, given: Any
    ) -> None:
        models = [{"model_name": "any", "litellm_params": given}]
        router = litellm.Router(models, num_retries=2, retry_after=0)
        server.received.clear()
        server.failures = 1
        use(getattr(router, function), model="any", messages=ASK, stream=stream)
        assert len(server.received) > 1
        (row,) = tracking.rows()
        assert row["destination"] == "LiteLLM/127.0.0.1:completion"
        assert row["metadata"]["gen_ai.request.model"] == "m"

    def test_so_are_those_of_a_function(
        self, tracking: Tracking, server: LLMVendor, given: Any
    ) -> None:
        server.received.clear()
        server.failures = 1
        litellm.completion(messages=ASK, num_retries=2, **given)
        assert len(server.received) == 2
        assert len(tracking.rows()) == 1

    def test_calls_of_a_batch_are_each_their_own(self, tracking: Tracking, given: Any) -> None:
        litellm.batch_completion(messages=[ASK, ASK], **given)
        assert len(tracking.rows()) == 2


ASK_TELLING: Any = [{"role": "user", "content": f"Tell {MAIL} that others see this."}]


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize("function", ["completion", "acompletion"])
def test_what_a_callback_sends_is_its_own_each_time(
    function: str, tracking: Tracking, given: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with llm_vendor() as other:
        url = other.url.replace("127.0.0.1", "localhost")

        def tell(kwargs: Any, *_: Any) -> None:
            if kwargs["messages"] == ASK_TELLING:  # litellm still tells of calls of other tests
                requests.post(f"{url}/v1/moderations", json={"seen": kwargs["messages"]})

        async def tell_async(kwargs: Any, *_: Any) -> None:
            tell(kwargs)

        callback = tell if function == "completion" else tell_async
        monkeypatch.setattr(litellm, "success_callback", [callback])

        async def ask() -> None:
            for wanted in (1, 2):
                result = getattr(litellm, function)(messages=ASK_TELLING, **given)
                if function == "acompletion":
                    await result
                while len(other.received) < wanted or len(tracking.rows()) < 2 * wanted:
                    await asyncio.sleep(0.01)

        try:
            asyncio.run(asyncio.wait_for(ask(), 20))
        finally:
            litellm.logging_callback_manager._reset_all_callbacks()
        assert sorted(row["destination"] for row in tracking.rows()) == [
            *["LiteLLM/127.0.0.1:completion"] * 2,
            *["POST localhost/v1/moderations"] * 2,
        ]


def test_what_says_nothing_in_the_bytes_is_known_by_the_objects(
    tracking: Tracking, given: Any
) -> None:
    income = float("48213.0")
    with sst_otel.scope(1):
        sst_otel.tag(income, "income")
        limit = {"type": "number", "maximum": income}
        schema = {"type": "object", "properties": {"q": limit}}
        tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
        litellm.completion(messages=[{"role": "user", "content": "?"}], tools=[tool], **given)
        limit["maximum"] = 48213.0 + 0
        litellm.completion(messages=[{"role": "user", "content": "?"}], tools=[tool], **given)
    (row,) = tracking.rows()
    assert (row["data_types"], row["evidence"]) == (["income"], ["exact"])


@pytest.mark.usefixtures("ann")
class TestHarmlessness:
    def test_errors_pass_unchanged(self, tracking: Tracking, given: Any) -> None:
        given["api_base"] = "http://127.0.0.1:1/v1"
        with pytest.raises(litellm.InternalServerError):
            litellm.completion(messages=ASK, **given)
        document = {"type": "document_url", "document_url": PROMPT}
        with pytest.raises(litellm.APIConnectionError):
            litellm.ocr(**{**given, "model": "mistral/m"}, document=document)
        rows = [(row["destination"], row["outcome"]) for row in tracking.rows()]
        assert rows == [
            ("LiteLLM/127.0.0.1:completion", "failed"),
            ("LiteLLM/127.0.0.1:ocr", "failed"),
        ]

    def test_without_personal_data_there_is_nothing_to_tell(
        self, tracking: Tracking, given: Any
    ) -> None:
        litellm.completion(messages=[{"role": "user", "content": "?"}], **given)
        litellm.embedding(input=["How much is the fish?"], **given)
        assert tracking.rows() == []

    def test_what_stays_with_litellm_was_not_sent(self, tracking: Tracking, given: Any) -> None:
        litellm.completion(
            messages=[{"role": "user", "content": "?"}], metadata={"by": MAIL}, **given
        )
        litellm.completion(messages=ASK, mock_response="No.", **given)
        assert tracking.rows() == []


def test_imported_before_tracking_began(tmp_path: Any, given: Any) -> None:
    sst_otel.stop_tracking()
    with tracking_in(tmp_path) as tracked:
        sst_otel.tag(MAIL, "email", owner_id="1")
        litellm.completion(messages=ASK, **given)
        (row,) = tracked.rows()
    assert row["destination"] == "LiteLLM/127.0.0.1:completion"
