"""Waiting for something to become true, and ports nobody listens on."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

import requests


def wait_until(
    condition: Callable[[], bool],
    trouble: Callable[[], str | None] = lambda: None,
    said: Callable[[], str] = str,
    seconds: float = 60,
) -> None:
    """Wait for a condition; ``trouble`` says why it will never come true.

    ``said``: what has been heard when it has not come true. Raises ``AssertionError`` with either.
    """
    pause = threading.Event()
    deadline = time.monotonic() + seconds
    while not condition():
        why = trouble()
        if why is not None:
            raise AssertionError(why)
        if time.monotonic() >= deadline:
            raise AssertionError(f"waited in vain\n{said()}")
        pause.wait(0.05)


def answers(url: str) -> bool:
    """Whether a GET of ``url`` is answered with 2xx."""
    with requests.Session() as client:
        client.trust_env = False
        try:
            return client.get(url, timeout=20).ok
        except requests.RequestException:
            return False


def free_ports(count: int) -> list[int]:
    """Return different ports of this machine that nobody listens on now."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def free_port() -> int:
    """Return a port that nobody listens on now."""
    return free_ports(1)[0]
