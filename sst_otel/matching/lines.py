"""Documents one after the other: NDJSON, JSON text sequences, the envelopes of error reports."""

from __future__ import annotations

from typing import Any

from sst_otel.matching.decode import JSON_BEGINS, parse_json

MAX_LINES = 20_000
_RECORD = "\x1e"
"""What a record of a JSON text sequence begins with (RFC 7464)."""


def json_lines(text: str) -> tuple[list[Any], str] | None:
    """Return the documents of the lines, and the lines that are none; None for any other text.

    The first line that says anything has to be one.
    """
    lines = text.replace(_RECORD, "\n").split("\n", MAX_LINES)
    documents: list[Any] = []
    others: list[str] = []
    for line in lines:
        tree = parse_json(line) if line.lstrip()[:1] in JSON_BEGINS else None
        if isinstance(tree, (dict, list)):
            documents.append(tree)
        elif line.strip():
            if not documents:
                return None
            others.append(line)
    return (documents, "\n".join(others)) if documents else None
