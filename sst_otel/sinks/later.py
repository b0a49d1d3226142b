"""Sinks of libraries that most applications do without: imported when their library is.

Just before it, rather than after: some packages take names out of one another while they load, and
what is wrapped by then is what they take.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any

from sst_otel.guard import guard
from sst_otel.patching import Patches
from sst_otel.sinks.outgoing import Outgoing

SINKS: dict[str, tuple[str, ...]] = {
    "httpx": ("httpx", "httpcore", "httpx2", "httpcore2"),
    "litellm_native": ("litellm",),
    "llm": (
        *("anthropic", "cohere", "google.genai", "groq", "huggingface_hub", "litellm"),
        *("mistralai", "mistralai_azure", "mistralai_gcp", "ollama", "openai"),
    ),
    "aiohttp": ("aiohttp",),
    "aiosmtplib": ("aiosmtplib",),
    "psycopg": ("psycopg",),
    "asyncpg": ("asyncpg",),
    "pg8000": ("pg8000",),
    "pymysql": ("pymysql",),
    "aiomysql": ("aiomysql",),
    "asyncmy": ("asyncmy",),
    "mysql_connector": ("mysql",),
    "mysqlclient": ("MySQLdb",),
    "pymongo": ("pymongo",),
    "redis": ("redis",),
    "elasticsearch": ("elastic_transport",),
    "opensearch": ("elasticsearch", "opensearchpy"),
    "kombu": ("kombu",),
    "pika": ("pika",),
    "kafka": ("kafka",),
    "confluent_kafka": ("confluent_kafka",),
    "aiokafka": ("aiokafka",),
    "aiormq": ("aiormq",),
    "nats": ("nats",),
    "stomp": ("stomp",),
    "paho": ("paho",),
    "botocore": ("botocore", "aiobotocore"),
    "grpc": ("grpc",),
    "websockets": ("websockets",),
    "pycurl": ("pycurl",),
}
"""Module of a sink → the packages it wraps something of, whichever comes first."""
_PLACE = "sinks.later"
_lock = threading.RLock()


def _after_fork() -> None:
    global _lock
    _lock = threading.RLock()  # the thread that held it is not in the child


os.register_at_fork(after_in_child=_after_fork)


def install(emit: Outgoing, add: Callable[[Patches], object]) -> Patches:
    """Have each of :data:`SINKS` installed with its library; ``add`` takes the patches of each."""
    patches = Patches(_PLACE)
    finder = _Finder(emit, add, patches)
    # First, so that no library slips in between; those that are here already come at once.
    sys.meta_path.insert(0, finder)
    patches.on_undo(lambda: sys.meta_path.remove(finder))
    for package in [name for name in finder.waiting if name in sys.modules]:
        finder.act(package)
    return patches


class _Finder:
    """Finds nothing: it is told of every module that is imported for the first time."""

    def __init__(self, emit: Outgoing, add: Callable[[Patches], object], patches: Patches) -> None:
        self._emit = emit
        self._add = add
        self._patches = patches
        self.waiting: dict[str, list[str]] = {}
        """Package → the sinks to install before it is imported."""
        for sink, packages in SINKS.items():
            for package in packages:
                self.waiting.setdefault(package, []).append(sink)
        self._done: set[str] = set()

    def find_spec(self, name: str, _path: Any = None, _target: Any = None) -> None:
        """Take note that ``name`` is about to be imported."""
        if name in self.waiting:
            self.act(name)

    def act(self, package: str) -> None:
        """Install the sinks of a package; whoever imports another one of theirs waits for it."""
        with _lock:
            for sink in self.waiting.pop(package, ()):
                if sink not in self._done:
                    self._done.add(sink)
                    with guard("install"):
                        self._install(sink)

    def _install(self, sink: str) -> None:
        made: Patches = import_module(f"sst_otel.sinks.{sink}").install(self._emit)
        self._add(made)
        if not self._patches.active:  # tracking has been stopped meanwhile
            made.undo()
