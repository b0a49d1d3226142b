"""aiobotocore, which aioboto3 is made of, against a stand-in for Amazon's services."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiobotocore.config import AioConfig  # type: ignore[import-untyped]
from aiobotocore.session import get_session  # type: ignore[import-untyped]
from botocore.exceptions import ClientError  # type: ignore[import-untyped]

import sst_otel
from tests.serving import serving
from tests.sinks.amazon import Endpoint
from tests.support import Tracking

MAIL = "ann.keller@example.com"
QUEUE = "https://sqs.eu-west-1.amazonaws.com/1/orders"


@pytest.fixture(scope="module")
def running() -> Iterator[Endpoint]:
    endpoint = Endpoint()
    with serving(endpoint):
        yield endpoint


@pytest.fixture
def aws(running: Endpoint, tracking: Tracking) -> Endpoint:
    running.received.clear()
    running.failures = 0
    sst_otel.tag(MAIL, "email", owner_id="1")
    return running


def _run(aws: Endpoint, service: str, act: Callable[[Any], Awaitable[Any]], **config: Any) -> Any:
    async def with_client() -> Any:
        async with get_session().create_client(
            service,
            endpoint_url=f"http://localhost:{aws.port}",
            region_name="eu-west-1",
            aws_access_key_id="k",
            aws_secret_access_key="s",
            config=AioConfig(**config),
        ) as client:
            return await act(client)

    return asyncio.run(with_client())


WAYS: dict[str, tuple[str, Callable[[Any], Awaitable[Any]]]] = {
    "S3:PutObject": ("s3", lambda s3: s3.put_object(Bucket="b", Key="k", Body=MAIL.encode())),
    "SQS:SendMessage": ("sqs", lambda sqs: sqs.send_message(QueueUrl=QUEUE, MessageBody=MAIL)),
    "SNS:Publish": ("sns", lambda sns: sns.publish(TopicArn="arn:aws:sns:eu-1:1:t", Message=MAIL)),
    "DynamoDB:PutItem": (
        "dynamodb",
        lambda db: db.put_item(TableName="leads", Item={"m": {"S": MAIL}}),
    ),
}


@pytest.mark.parametrize("operation", WAYS)
def test_each_operation(aws: Endpoint, tracking: Tracking, operation: str) -> None:
    service, act = WAYS[operation]
    _run(aws, service, act)
    ((destination, *who),) = tracking.shares()
    assert destination == f"AWS {operation.replace(':', '/localhost:')}"
    assert who == ["1", ("email",)]
    (row,) = tracking.rows()
    queued = service in ("sqs", "sns")
    assert row["event_type"] == ("message_publish" if queued else "external_api")
    assert row["outcome"] == "sent"
    assert MAIL.partition("@")[0].encode() in aws.received[-1][1]


@pytest.mark.parametrize("kind", ["buffer", "file"])
def test_bodies_that_are_read(aws: Endpoint, tracking: Tracking, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "leads.csv"
    file.write_text(f"mail\n{MAIL}\n")
    with file.open("rb") as opened:
        body: Any = opened if kind == "file" else io.BytesIO(file.read_bytes())
        _run(aws, "s3", lambda s3: s3.put_object(Bucket="b", Key="k", Body=body))
    assert tracking.shares() == [("AWS S3/localhost:PutObject", "1", ("email",))]
    assert tracking.rows()[0]["outcome"] == "sent"
    assert MAIL.encode() in aws.received[-1][1]


def test_attempts_are_one_event(aws: Endpoint, tracking: Tracking) -> None:
    aws.failures = 1
    retries = {"max_attempts": 2, "mode": "standard"}
    _run(aws, "sqs", WAYS["SQS:SendMessage"][1], retries=retries)
    assert len(aws.received) == 2
    assert len(tracking.rows()) == 1


def test_failures_and_nothing_personal(aws: Endpoint, tracking: Tracking) -> None:
    _run(aws, "sqs", lambda sqs: sqs.send_message(QueueUrl=QUEUE, MessageBody="nobody"))
    aws.failures = 1
    with pytest.raises(ClientError):
        _run(aws, "sqs", WAYS["SQS:SendMessage"][1], retries={"total_max_attempts": 1})
    assert len(tracking.rows()) == 1
