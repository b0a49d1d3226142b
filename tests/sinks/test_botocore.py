"""boto3 against a stand-in for Amazon's services: operations, parameters, streamed bodies."""

from __future__ import annotations

import io
import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
import botocore.client  # type: ignore[import-untyped]
import botocore.config  # type: ignore[import-untyped]
import botocore.endpoint  # type: ignore[import-untyped]
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError  # type: ignore[import-untyped]
from opentelemetry.instrumentation.botocore import BotocoreInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import sst_otel
from tests.serving import serving
from tests.sinks.amazon import Endpoint, self_signed
from tests.support import Tracking, tracking_in

MAIL = "ann.keller@example.com"
PHONE = "+4915123456701"


@pytest.fixture(scope="module")
def one_endpoint() -> Iterator[Endpoint]:
    endpoint = Endpoint()
    with serving(endpoint):
        yield endpoint


@pytest.fixture
def aws(one_endpoint: Endpoint) -> Endpoint:
    one_endpoint.received.clear()
    one_endpoint.failures = 0
    return one_endpoint


@pytest.fixture(autouse=True)
def ann(tracking: Tracking) -> None:
    sst_otel.tag(MAIL, "email", owner_id="1")
    sst_otel.tag(PHONE, "phone", owner_id="2")


def mail() -> bytes:
    message = EmailMessage()
    message["Subject"] = "Grüße"
    message.set_content(f"Grüße an {MAIL} 猫")
    return message.as_bytes()


QUEUE = "https://sqs.eu-west-1.amazonaws.com/1/orders"
OPERATIONS: dict[str, tuple[str, str, Callable[[Any], object]]] = {
    "s3 bytes": (
        "S3:PutObject",
        "s3",
        lambda c: c.put_object(Bucket="b", Key="k", Body=f'{{"mail": "{MAIL}"}}'.encode()),
    ),
    "s3 key": (
        "S3:PutObject",
        "s3",
        lambda c: c.put_object(Bucket="b", Key=f"people/{MAIL}/photo", Body=b"x"),
    ),
    "s3 metadata": (
        "S3:PutObject",
        "s3",
        lambda c: c.put_object(Bucket="b", Key="k", Body=b"x", Metadata={"owner": MAIL}),
    ),
    "s3 buffer": (
        "S3:PutObject",
        "s3",
        lambda c: c.put_object(Bucket="b", Key="k", Body=io.BytesIO(MAIL.encode())),
    ),
    "s3 transfer": (
        "S3:PutObject",
        "s3",
        lambda c: c.upload_fileobj(io.BytesIO(f"mail\n{MAIL}\n".encode()), "b", "k"),
    ),
    "ses": (
        "SES:SendEmail",
        "ses",
        lambda c: c.send_email(
            Source="a@shop.example",
            Destination={"ToAddresses": [MAIL]},
            Message={"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}},
        ),
    ),
    "ses raw": (
        "SES:SendRawEmail",
        "ses",
        lambda c: c.send_raw_email(RawMessage={"Data": mail()}),
    ),
    "sesv2 raw": (
        "SESv2:SendEmail",
        "sesv2",
        lambda c: c.send_email(Content={"Raw": {"Data": mail()}}),
    ),
    "sqs": (
        "SQS:SendMessage",
        "sqs",
        lambda c: c.send_message(QueueUrl=QUEUE, MessageBody=json.dumps({"mail": MAIL})),
    ),
    "sns": (
        "SNS:Publish",
        "sns",
        lambda c: c.publish(TopicArn="arn:aws:sns:eu-west-1:1:t", Message=f"to {MAIL}"),
    ),
    "kinesis": (
        "Kinesis:PutRecord",
        "kinesis",
        lambda c: c.put_record(
            StreamName="s", Data=json.dumps({"mail": MAIL}).encode(), PartitionKey="p"
        ),
    ),
    "firehose": (
        "Firehose:PutRecord",
        "firehose",
        lambda c: c.put_record(DeliveryStreamName="s", Record={"Data": MAIL.encode()}),
    ),
    "dynamodb": (
        "DynamoDB:PutItem",
        "dynamodb",
        lambda c: c.put_item(TableName="t", Item={"id": {"S": "1"}, "mail": {"S": MAIL}}),
    ),
    "bedrock converse": (
        "Bedrock Runtime:Converse",
        "bedrock-runtime",
        lambda c: c.converse(
            modelId="m", messages=[{"role": "user", "content": [{"text": f"Write to {MAIL}"}]}]
        ),
    ),
    "bedrock invoke": (
        "Bedrock Runtime:InvokeModel",
        "bedrock-runtime",
        lambda c: c.invoke_model(modelId="m", body=json.dumps({"prompt": f"Write {MAIL}"})),
    ),
}
PUBLISHED = {"sqs", "sns", "kinesis", "firehose"}


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_operation_is_one_event(name: str, tracking: Tracking, aws: Endpoint) -> None:
    operation, service, call = OPERATIONS[name]
    call(aws.client(service))
    (row,) = tracking.rows()
    sdk, _, method = operation.partition(":")
    assert row["destination"] == f"AWS {sdk}/localhost:{method}"
    assert (row["owner_id"], row["data_types"], row["outcome"]) == ("1", ["email"], "sent")
    assert row["event_type"] == ("message_publish" if name in PUBLISHED else "external_api")
    assert row["metadata"]["rpc.method"] == method
    assert row["metadata"]["server.address"] == "localhost"
    assert len(aws.received) == 1
    if "bedrock" in name:
        assert row["metadata"]["gen_ai.request.model"] == "m"


def test_rows_of_several_people(tracking: Tracking, aws: Endpoint) -> None:
    entries = [
        {"Id": str(number), "MessageBody": json.dumps({"to": value})}
        for number, value in enumerate((MAIL, PHONE))
    ]
    aws.client("sqs").send_message_batch(QueueUrl=QUEUE, Entries=entries)
    found = [(owner, types) for _, owner, types in tracking.shares()]
    assert sorted(found) == [("1", ("email",)), ("2", ("phone",))]


def test_a_file_is_read_once_and_whole(tracking: Tracking, aws: Endpoint, tmp_path: Path) -> None:
    content = b"x" * 70_000 + f"\nmail {MAIL}\n".encode()
    (tmp_path / "people.csv").write_bytes(content)
    with (tmp_path / "people.csv").open("rb") as file:
        aws.client("s3").put_object(Bucket="b", Key="k", Body=file)
    aws.client("s3").upload_file(str(tmp_path / "people.csv"), "b", "k")
    assert [body for _, body in aws.received] == [content, content]
    assert [types for *_, types in tracking.shares()] == [("email",)] * 2


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    endpoint = Endpoint()
    certificate = self_signed(tmp_path_factory.mktemp("tls"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    endpoint.socket = tls.wrap_socket(endpoint.socket, server_side=True)
    endpoint.scheme, endpoint.verify = "https", str(certificate)
    with serving(endpoint):
        yield endpoint


@pytest.mark.parametrize("kind", ["bytes", "buffer", "file"])
def test_what_is_sent_as_aws_chunked(
    kind: str, tracking: Tracking, secure: Endpoint, tmp_path: Path
) -> None:
    """A body whose check sum comes last, as S3 gets it over TLS."""
    content = b"x" * 70_000 + f"\nmail {MAIL}\n".encode()
    (tmp_path / "people.csv").write_bytes(content)
    with (tmp_path / "people.csv").open("rb") as file:
        body = {"bytes": content, "buffer": io.BytesIO(content), "file": file}[kind]
        secure.client("s3").put_object(Bucket="b", Key="k", Body=body)
    assert content in secure.received[-1][1]
    assert b"x-amz-checksum" in secure.received[-1][1]
    (row,) = tracking.rows()
    assert (row["data_types"], row["outcome"]) == (["email"], "sent")


@pytest.mark.parametrize("first", ["sst", "opentelemetry"])
def test_the_event_is_on_the_span_of_the_call(first: str, tmp_path: Path, aws: Endpoint) -> None:
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    instrumentor = BotocoreInstrumentor()  # type: ignore[no-untyped-call]
    sst_otel.stop_tracking()
    with ExitStack() as taken_down:
        if first == "sst":
            tracking = taken_down.enter_context(tracking_in(tmp_path))
        instrumentor.instrument(tracer_provider=provider)
        taken_down.callback(instrumentor.uninstrument)
        if first == "opentelemetry":
            tracking = taken_down.enter_context(tracking_in(tmp_path))
        sst_otel.tag(MAIL, "email", owner_id="1")
        aws.client("sns").publish(TopicArn="arn:aws:sns:eu-west-1:1:t", Message=MAIL)
        aws.client("s3").put_object(Bucket="b", Key="k", Body=MAIL.encode())
        rows = tracking.rows()
    finished = spans.get_finished_spans()
    assert [[event.name for event in span.events] for span in finished] == [["sst.data.share"]] * 2
    kept = [format(span.context.span_id, "016x") for span in finished if span.context]
    assert [row["span_id"] for row in rows] == kept


def test_the_application_s_own_model_of_a_table(tracking: Tracking, aws: Endpoint) -> None:
    session = boto3.Session("k", "s", region_name="eu-west-1")
    url = f"http://localhost:{aws.port}"
    table = session.resource("dynamodb", endpoint_url=url).Table("people")
    table.put_item(Item={"id": "1", "mail": MAIL})
    ((destination, owner, types),) = tracking.shares()
    assert (destination, owner) == ("AWS DynamoDB/localhost:PutItem", "1")
    assert types == ("email",)


def test_a_retry_is_the_same_event(tracking: Tracking, aws: Endpoint) -> None:
    aws.failures = 1
    client = aws.client("sns", retries={"max_attempts": 2, "mode": "standard"})
    client.publish(TopicArn="arn:aws:sns:eu-west-1:1:t", Message=f"to {MAIL}")
    assert len(aws.received) == 2
    assert len(tracking.shares()) == 1


def test_nothing_personal_is_no_event(tracking: Tracking, aws: Endpoint) -> None:
    aws.client("sqs").send_message(QueueUrl=QUEUE, MessageBody='{"visits": 12}')
    aws.client("s3").put_object(Bucket="b", Key="k", Body=b"nothing")
    assert len(aws.received) == 2
    assert tracking.shares() == []


def test_errors_are_the_client_s_own(tracking: Tracking, aws: Endpoint) -> None:
    once = {"retries": {"max_attempts": 0}}
    aws.failures = 1
    with pytest.raises(ClientError):
        aws.client("sns", **once).publish(PhoneNumber=PHONE, Message="code")
    nowhere = boto3.client(
        "sns",
        endpoint_url="http://127.0.0.1:1",
        region_name="eu-west-1",
        aws_access_key_id="k",
        aws_secret_access_key="s",
        config=botocore.config.Config(**once),
    )
    with pytest.raises(EndpointConnectionError):
        nowhere.publish(PhoneNumber=PHONE, Message="code")
    assert [row["outcome"] for row in tracking.rows()] == ["sent", "failed"]


def test_stop_makes_everything_the_original(tracking: Tracking) -> None:
    sst_otel.stop_tracking()
    assert type(vars(botocore.client.BaseClient)["_make_api_call"]).__name__ == "function"
    assert type(vars(botocore.endpoint.Endpoint)["_send"]).__name__ == "function"
