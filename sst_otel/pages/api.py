"""The JSON API (design 4.4): lists of shares and of data, and the line of one datum."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any

from sst_otel.guard import count_error
from sst_otel.pages.access import Viewer
from sst_otel.pages.parameters import (
    DEFAULT_LIMIT,
    LOG_FILTERS,
    PROVENANCE_FILTERS,
    ParameterError,
    filters,
    query_parameters,
)
from sst_otel.pages.reading import ReaderFactory
from sst_otel.pages.responses import CHALLENGE, Answer, as_json

if TYPE_CHECKING:
    pass

_LISTS = {
    "/audit-logs": ("audit_logs", LOG_FILTERS),
    "/provenance": ("provenance", PROVENANCE_FILTERS),
}
_LINE = re.compile(r"/provenance/([A-Za-z0-9_-]{1,64})/(ancestors|descendants)")
_LINE_FILTERS: dict[str, tuple[str, ...]] = {
    "ancestors": (),
    "descendants": ("limit", "cursor"),
}


def has(path: str) -> bool:
    """Whether the API has something at ``path``, which begins behind ``/provenance/api``."""
    return path in _LISTS or _LINE.fullmatch(path) is not None


def answer(open_reader: ReaderFactory, viewer: Viewer | None, path: str, query: str) -> Answer:
    """Answer a GET of ``path``; a person sees their own, staff all, everybody else gets 401."""
    if viewer is None:
        text = "sign in to the application, or send Authorization: Bearer with the staff token"
        return as_json(401, {"error": "unauthorized", "message": text}, [CHALLENGE])
    try:
        line = _LINE.fullmatch(path)
        if line is not None:
            tag_id, way = line.groups()
            return _line(open_reader, viewer, tag_id, way, query_parameters(query))
        name, known = _LISTS[path]
        used = filters(query_parameters(query), known, limit=DEFAULT_LIMIT)
        with closing(open_reader()) as reader:
            objects, more = read(getattr(reader, name), viewer, used)
        return as_json(200, {name: objects, "next_cursor": more})
    except ParameterError as problem:
        return as_json(
            400, {"error": "bad_parameter", "parameter": problem.name, "message": str(problem)}
        )
    except Exception as error:
        count_error("pages.read", type(error).__name__)
        text = "the audit store cannot be read at the moment"
        return as_json(503, {"error": "store_unavailable", "message": text})


def _line(
    open_reader: ReaderFactory, viewer: Viewer, tag_id: str, way: str, raw: dict[str, str]
) -> Answer:
    used = filters(raw, _LINE_FILTERS[way], limit=DEFAULT_LIMIT)
    if way == "ancestors":
        del used["limit"]  # of shares, of which there are none up there
    with closing(open_reader()) as reader:
        found = _asked(getattr(reader, way), tag_id=tag_id, viewer=viewer.owner_id, **used)
    if found is None:
        text = "there is no such tag, or it is not yours"
        return as_json(404, {"error": "not_found", "message": text})
    return as_json(200, found)


def read(
    query: Callable[..., tuple[list[dict[str, Any]], str | None]],
    viewer: Viewer,
    used: dict[str, Any],
) -> tuple[list[dict[str, Any]], str | None]:
    """Ask the reader; a person's owner filter is forced to themselves."""
    if not viewer.staff:
        used = {name: value for name, value in used.items() if name != "owner_id"}
    found: tuple[list[dict[str, Any]], str | None] = _asked(query, viewer=viewer.owner_id, **used)
    return found


def _asked(query: Callable[..., Any], **used: Any) -> Any:
    try:
        return query(**used)
    except ValueError:
        if "cursor" not in used:
            raise
        raise ParameterError("cursor", "is not one of this answer's next_cursor") from None
