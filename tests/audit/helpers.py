"""Shares, settings and child processes for the audit tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sst_otel.keys import Keys
from sst_otel.settings import Settings
from sst_otel.shares import CodeLocation, Finding, Recipient, SharingEvent
from sst_otel.tags import NOBODY, Minter, Owner, Tag

KEYS = Keys(b"0123456789abcdef0123456789abcdef")
MINTER = Minter(KEYS.secret)
NOW = round(time.time(), 3)
GROQ = Recipient("Groq", "llm", "processor", "US")
META = Recipient("Meta", "advertising", "third_party", "US")
ROOT = Path(__file__).parents[2]


def settings_in(directory: Path, **values: Any) -> Settings:
    """Return settings whose store and journals are in ``directory``."""
    return Settings(
        database_url=f"sqlite:///{directory}/audit.db", spool_dir=directory / "spool", **values
    )


def sealed(owner: Owner) -> str:
    return "" if owner.id is None else KEYS.seal(owner.id)


def tag(
    owner: Owner, data_type: str = "email", value: str = "value", lineage: tuple[str, ...] = ()
) -> Tag:
    return Tag(
        MINTER.tag_id(owner.ref, data_type, value),
        owner.ref,
        data_type,
        f"form_field:{data_type}",
        lineage,
        ("multiply",) if lineage else (),
    )


def share(
    owner: Owner | str = NOBODY,
    *types: str,
    at: float = NOW,
    event_id: str = "",
    recipient: Recipient = GROQ,
    destination: str = "OpenAI/Groq:responses.create",
    **values: Any,
) -> SharingEvent:
    """Return an event of ``owner`` (or of the person with this id) with a datum per type."""
    if isinstance(owner, str):
        owner = MINTER.owner(owner)
    fields: dict[str, Any] = {
        "event_id": event_id or str(uuid.uuid4()),
        "kind": "external_api",
        "at": at,
        "owner_ref": owner.ref,
        "owner_sealed": sealed(owner),
        "findings": tuple(
            Finding(tag(owner, data_type), "exact", f"body.{data_type}")
            for data_type in types or ("email",)
        ),
        "recipient": recipient,
        "destination": destination,
        "host": "api.groq.com",
        "service": "budget",
        "route": "/advice",
        "code": CodeLocation("app.py", 12, "advice", ("wsgi.py:3 in main",)),
        "trace_id": "a" * 32,
        "span_id": "b" * 16,
        "key_id": KEYS.key_id,
        "metadata": {"gen_ai.request.model": "llama"},
    }
    return SharingEvent(**(fields | values))


def start(script: str, *arguments: object, preexec: Any = None) -> subprocess.Popen[str]:
    """Run ``script`` in a Python of its own, with this module as ``helpers``."""
    environ = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{Path(__file__).parent}"}
    command: Sequence[str] = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(
        command,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=preexec,
    )


def run(script: str, *arguments: object, preexec: Any = None) -> tuple[str, str, int]:
    """Run ``script`` to its end; return what it printed, its errors and its exit status."""
    with start(script, *arguments, preexec=preexec) as process:
        out, err = process.communicate(timeout=60)
        return out, err, process.returncode
