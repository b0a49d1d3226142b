"""aiosmtplib against a real mail server: what is in a mail, whose, and to which server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from email.message import EmailMessage
from typing import Any

import aiosmtplib
import pytest

import sst_otel
from sst_otel.registry.identity import marked
from tests.sinks.mail_server import Inbox
from tests.sinks.mail_server import inbox as inbox
from tests.sinks.mail_server import port as port
from tests.sinks.mail_server import server as server
from tests.support import Tracking

MAIL = "ann.keller@example.com"
PHONE = "+4915123456701"
STAFF = "desk@shop.example"
TEXT = f"Subject: News\n\nCall {PHONE}\n"
NOTHING = "Subject: News\n\n1,204 visitors came.\n"


@pytest.fixture(autouse=True)
def ann(tracking: Tracking) -> None:
    sst_otel.tag(MAIL, "email", owner_id="1")
    sst_otel.tag(PHONE, "phone", owner_id="1")


def composed(text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = STAFF, MAIL, "News"
    message.set_content(text)
    return message


async def _by_function(port: int) -> Any:
    return await aiosmtplib.send(composed(f"Call {PHONE}"), hostname="127.0.0.1", port=port)


async def _of_a_client(port: int) -> Any:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as client:
        return await client.sendmail(STAFF, [MAIL], TEXT)


async def _by_hand(port: int) -> Any:
    client = aiosmtplib.SMTP()
    await client.connect(hostname="127.0.0.1", port=port)
    await client.mail(STAFF)
    await client.rcpt(MAIL)
    answer = await client.data(TEXT)
    await client.quit()
    return answer


async def _at_once(port: int) -> Any:
    return await asyncio.gather(_of_a_client(port), _by_function(port))


@pytest.mark.parametrize("send", [_by_function, _of_a_client, _by_hand, _at_once])
def test_a_mail_is_one_event(
    send: Callable[[int], Coroutine[Any, Any, Any]], tracking: Tracking, port: int, inbox: Inbox
) -> None:
    asyncio.run(send(port))
    mails = 2 if send is _at_once else 1
    assert len(inbox.received) == mails
    assert tracking.shares() == [("smtp 127.0.0.1", "1", ("email", "phone"))] * mails
    for row in tracking.rows():
        assert row["event_type"] == "email_send"
        assert row["outcome"] == "sent"
        assert row["metadata"]["server.port"] == port
    assert tracking.errors() == {}


def test_what_only_identity_tells_is_followed(tracking: Tracking, port: int) -> None:
    score = "".join(["4", "7"])
    sst_otel.tag(score, "income", owner_id="1")
    assert marked(score) is not None

    async def send() -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as client:
            await client.send_message(composed(score))

    asyncio.run(send())
    assert [types for *_, types in tracking.shares()] == [("email", "income")]


def test_nothing_personal_is_no_event(tracking: Tracking, port: int, inbox: Inbox) -> None:
    async def send() -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as client:
            await client.sendmail(STAFF, "boss@partner.example", NOTHING)

    asyncio.run(send())
    assert len(inbox.received) == 1
    assert tracking.shares() == []


def test_what_is_refused_has_failed(tracking: Tracking, port: int, inbox: Inbox) -> None:
    inbox.refused.add(MAIL)

    async def send() -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as client:
            with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
                await client.sendmail(STAFF, [MAIL], TEXT)

    asyncio.run(send())
    assert [row["outcome"] for row in tracking.rows()] == ["failed"]
