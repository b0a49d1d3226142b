"""What sentry-sdk sent: https://develop.sentry.dev/sdk/data-model/envelopes/."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.support import Vendor
from tests.system.collected import plain


def documents(sentry: Vendor) -> Iterator[Any]:
    """Yield every header and payload of all envelopes."""
    for _, _, body in list(sentry.received):
        for line in plain(body).split(b"\n"):
            if line:
                yield json.loads(line)


def frames(document: Any) -> Iterator[dict[str, Any]]:
    """Yield the frames of all stacks in a document."""
    if isinstance(document, dict):
        held = document.get("frames")
        yield from (frame for frame in held if isinstance(frame, dict)) if held else ()
        for inner in document.values():
            yield from frames(inner)
    elif isinstance(document, list):
        for inner in document:
            yield from frames(inner)
