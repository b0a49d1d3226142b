"""smtplib against a real mail server: what is in a mail, whose, and to which server."""

from __future__ import annotations

import email
import smtplib
from collections.abc import Callable
from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from typing import Any

import pytest
from aiosmtpd.lmtp import LMTP

import sst_otel
from sst_otel.registry.identity import marked
from tests.sinks.mail_server import Inbox, mail_server
from tests.sinks.mail_server import inbox as inbox
from tests.sinks.mail_server import port as port
from tests.sinks.mail_server import server as server
from tests.support import Tracking

MAIL = "ann.keller@example.com"
PHONE = "+4915123456701"
STAFF = "desk@shop.example"


@pytest.fixture(autouse=True)
def ann(tracking: Tracking) -> None:
    sst_otel.tag(MAIL, "email", owner_id="1")
    sst_otel.tag(PHONE, "phone", owner_id="1")
    sst_otel.tag("Jörg Grüßmann", "name", owner_id="2")


def composed(**kinds: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = STAFF, "boss@partner.example"
    message["Subject"] = kinds.pop("subject", "News")
    message.set_content(kinds.pop("text", "Hello."))
    for subtype, text in kinds.items():
        message.add_alternative(text, subtype=subtype)
    return message


def attached() -> EmailMessage:
    message = composed()
    message.add_attachment(f"id,phone\n7,{PHONE}\n".encode(), "text", "csv", filename="x.csv")
    return message


def mime_text() -> MIMEMultipart:
    message = MIMEMultipart("alternative")
    message["Subject"] = "News"
    message.attach(MIMEText(f"Grüße an {PHONE}", "plain", "iso-8859-1"))
    return message


def forwarded() -> EmailMessage:
    message = composed()
    message.add_attachment(composed(subject=f"About {PHONE}"))
    return message


MESSAGES: dict[str, tuple[Callable[[], Any], str, str, str]] = {
    "text": (lambda: composed(text=f"Call {PHONE}"), "1", "phone", "body.plain"),
    "text in base64": (lambda: composed(text=f"Grüße 猫 {PHONE}"), "1", "phone", "body.plain"),
    "text in quoted-printable": (
        lambda: composed(text="Grüße " + "und " * 30 + f"an Jörg Grüßmann, {'so ' * 40}"),
        "2",
        "name",
        "body.plain",
    ),
    "html": (lambda: composed(html=f"<p>Call <b>{PHONE}</b></p>"), "1", "phone", "body.html"),
    "subject": (
        lambda: composed(subject=f"{'A long one ' * 8}about Jörg Grüßmann"),
        "2",
        "name",
        "header.Subject",
    ),
    "attachment": (attached, "1", "phone", "attachment"),
    "mail in a mail": (forwarded, "1", "phone", "header.Subject"),
    "latin-1": (mime_text, "1", "phone", "body.plain"),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_what_a_message_holds(name: str, tracking: Tracking, port: int, inbox: Inbox) -> None:
    compose, owner, data_type, path = MESSAGES[name]
    message = compose()
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.send_message(message, STAFF, ["boss@partner.example"])
        client.sendmail(STAFF, ["boss@partner.example"], message.as_bytes())
    for row in tracking.rows():
        assert (row["event_type"], row["destination"]) == ("email_send", "smtp 127.0.0.1")
        assert (row["owner_id"], row["data_types"]) == (owner, [data_type])
        assert row["paths"][0].startswith(path)
        assert row["outcome"] == "sent"
        assert row["metadata"]["server.address"] == "127.0.0.1"
        assert row["metadata"]["server.port"] == port
    assert len(tracking.rows()) == len(inbox.received) == 2


def test_the_addresses_of_the_envelope_are_shares(tracking: Tracking, port: int) -> None:
    sst_otel.tag("bob@example.org", "email", owner_id="3")
    with smtplib.SMTP(f"127.0.0.1:{port}") as client:
        client.sendmail(STAFF, [MAIL, "bob@example.org"], "Subject: News\n\nHello.\n")
    assert sorted(owner for _, owner, _ in tracking.shares()) == ["1", "3"]
    paths = {row["owner_id"]: row["paths"] for row in tracking.rows()}
    assert paths == {"1": ["envelope.to[0]"], "3": ["envelope.to[1]"]}


def test_a_name_beside_an_address_is_not_sent(tracking: Tracking, port: int) -> None:
    named = f"Jörg Grüßmann <{MAIL}>"
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.sendmail(f"Jörg Grüßmann <{STAFF}>", [named], "Subject: News\n\nHello.\n")
    assert [(owner, types) for _, owner, types in tracking.shares()] == [("1", ("email",))]


def test_a_name_beside_an_address_in_the_head_is_sent(tracking: Tracking, port: int) -> None:
    message = composed()
    message.replace_header("To", f"Jörg Grüßmann <{STAFF}>")
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.send_message(message)
    assert [(owner, types) for _, owner, types in tracking.shares()] == [("2", ("name",))]


def test_the_protocol_by_hand_is_one_event_a_mail(
    tracking: Tracking, port: int, inbox: Inbox
) -> None:
    client = smtplib.SMTP()
    client.connect("localhost", port)
    client.helo()
    for _ in range(2):
        client.mail(STAFF)
        client.rcpt(MAIL)
        client.data(f"Subject: News\n\nCall {PHONE}\n".encode())
    client.quit()
    assert tracking.shares() == [("smtp localhost", "1", ("email", "phone"))] * 2
    assert [to for to, _ in inbox.received] == [[MAIL]] * 2


def test_a_refused_mail_by_hand_has_failed(tracking: Tracking, port: int) -> None:
    with smtplib.SMTP("localhost", port) as client:
        client.helo()
        client.mail(STAFF)
        client.rcpt(MAIL)
        code, _ = client.data(b"Subject: spam\n\nHello.\n")
    assert code == 554
    assert [row["outcome"] for row in tracking.rows()] == ["failed"]


def test_lmtp(tracking: Tracking) -> None:
    with mail_server(LMTP, Inbox()) as port, smtplib.LMTP("127.0.0.1", port) as client:
        client.sendmail(STAFF, MAIL, "Subject: News\n\nHello.\n")
    assert tracking.shares() == [("lmtp 127.0.0.1", "1", ("email",))]


def test_nothing_personal_is_no_event(tracking: Tracking, port: int, inbox: Inbox) -> None:
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.send_message(composed(text="1,204 visitors came.", html="<p>1,204</p>"))
    assert len(inbox.received) == 1
    assert tracking.shares() == []


def test_what_is_refused_has_failed_and_left(tracking: Tracking, port: int, inbox: Inbox) -> None:
    inbox.refused.add(MAIL)
    with smtplib.SMTP("127.0.0.1", port) as client:
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail(STAFF, [MAIL], "Subject: News\n\nHello.\n")
        answer = client.sendmail(STAFF, [MAIL, STAFF], "Subject: News\n\nHello.\n")
    assert list(answer) == [MAIL]
    assert [row["outcome"] for row in tracking.rows()] == ["failed", "sent"]


def test_the_mail_arrives_as_it_was(tracking: Tracking, port: int, inbox: Inbox) -> None:
    message = attached()
    message["Bcc"] = MAIL
    before = message.as_bytes()
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.send_message(message)
    ((to, content),) = inbox.received
    assert to == ["boss@partner.example", MAIL]
    del message["Bcc"]
    assert email.message_from_bytes(content).as_bytes().strip() == message.as_bytes().strip()
    assert before != message.as_bytes()
    ((_, owner, types),) = tracking.shares()
    assert (owner, types) == ("1", ("email", "phone"))


def test_a_client_from_before_is_seen(tracking: Tracking, port: int, tmp_path: Any) -> None:
    sst_otel.stop_tracking()
    client = smtplib.SMTP("127.0.0.1", port)
    sst_otel.start_tracking(database_url=f"sqlite:///{tmp_path / 'audit.db'}", lineage="off")
    sst_otel.tag(MAIL, "email", owner_id="1")
    client.sendmail(STAFF, MAIL, "Subject: News\n\nHello.\n")
    client.quit()
    assert tracking.shares() == [("smtp 127.0.0.1", "1", ("email",))]


class TestIdentity:
    """A value that its text does not tell is followed through a message."""

    @pytest.fixture
    def score(self) -> str:
        text = "".join(["4", "7"])
        sst_otel.tag(text, "income", owner_id="1")
        assert marked(text) is not None
        return text

    def test_a_message_that_is_sent(self, score: str, tracking: Tracking, port: int) -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.send_message(composed(text=score))
        assert [types for *_, types in tracking.shares()] == [("income",)]

    def test_a_message_made_into_text(self, score: str, tracking: Tracking, port: int) -> None:
        message = mime_text_of(score)
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.sendmail(STAFF, STAFF, message.as_string())
            client.sendmail(STAFF, STAFF, message.as_bytes())
        assert [types for *_, types in tracking.shares()] == [("income",)] * 2

    def test_another_message_says_nothing(self, score: str, tracking: Tracking, port: int) -> None:
        composed(text=score)
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.send_message(composed(text="47"))
        assert tracking.shares() == []


def mime_text_of(text: str) -> MIMEText:
    message = MIMEText(text)
    message["Subject"] = "News"
    return message
