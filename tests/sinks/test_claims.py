"""Claims: one look per call, however many doors lie one in another."""

from __future__ import annotations

import asyncio
import contextvars

from sst_otel.sinks.claims import Claim, is_claimed


def test_a_claim_covers_its_host_and_ends() -> None:
    assert not is_claimed()
    claim = Claim("api.example.com")
    assert is_claimed("api.example.com")
    assert is_claimed()
    assert not is_claimed("login.example.com")
    claim.close()
    assert not is_claimed()


def test_a_call_inside_a_call_keeps_both() -> None:
    outer = Claim("api.example.com")
    inner = Claim("login.example.com")
    assert is_claimed("api.example.com")
    assert is_claimed("login.example.com")
    inner.close()
    assert is_claimed("api.example.com")
    assert not is_claimed("login.example.com")
    outer.close()
    outer.close()
    assert not is_claimed()


def test_a_task_begun_inside_does_not_keep_the_claim() -> None:
    async def body() -> tuple[bool, bool]:
        ended = asyncio.Event()

        async def late() -> tuple[bool, bool]:
            during = is_claimed("api.example.com")
            await ended.wait()
            return during, is_claimed("api.example.com")

        claim = Claim("api.example.com")
        task = asyncio.create_task(late())
        await asyncio.sleep(0)
        claim.close()
        ended.set()
        return await task

    assert asyncio.run(body()) == (True, False)


def test_a_claim_inherited_closed_is_not_kept_alive() -> None:
    claim = Claim("one.example")
    context = contextvars.copy_context()
    claim.close()

    def later() -> tuple[bool, Claim | None]:
        mine = Claim("two.example")
        try:
            return is_claimed("one.example"), mine.outer
        finally:
            mine.close()

    assert context.run(later) == (False, None)


def test_closing_in_another_context_ends_it_all_the_same() -> None:
    context = contextvars.copy_context()
    claim = context.run(Claim, "one.example")
    claim.close()
    assert not context.run(is_claimed)
