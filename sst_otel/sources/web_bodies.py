"""Bodies and queries of requests whose framework is not asked: told by the text that is parsed.

An application reads its input stream itself and hands the text to a parser of the standard library
or one like it. A text as long as the request says that its body is, parsed as what the request says
it is, is that body; one that equals the query is the query. The stream is never touched.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sst_otel.scope import Scope
from sst_otel.sources.web import WebSource
from sst_otel.sources.web_foreign import ForeignRequest
from sst_otel.sources.web_request import WebRequest

BODY = "body"
"""Where a scope's notes have its :class:`Body`."""
_FORM = "x-www-form-urlencoded"
_PARTS = "multipart/form-data"
_LONGEST = 1_000_000


class Body:
    """What one request says of its body and its query."""

    __slots__ = (
        "_is_in_parts",
        "_key",
        "_length",
        "_query",
        "_request",
        "_web",
        "is_form",
        "is_json",
    )

    def __init__(
        self, web: WebSource, request: WebRequest, key: Any, kind: str, length: str, query: str
    ) -> None:
        """``key``: of :meth:`WebSource.form`; ``kind``, ``length``: the headers of the body."""
        self._web = web
        self._request = request
        self._key = key
        self._length = int(length) if length.isdecimal() else 0
        self._query = query
        kind = kind.partition(";")[0].lower()
        self.is_json = "json" in kind
        self.is_form = _FORM in kind
        self._is_in_parts = kind == _PARTS

    def document(self, tree: Any, text: Any) -> bool:
        """Tag ``tree`` if what it was parsed from is this body; tells whether it is."""
        if not self.is_json or not self._is_body(text):
            return False
        self._web.document(self._key, self._request.context, tree)
        return True

    def pairs(self, pairs: Any, text: Any) -> None:
        """Tag ``pairs`` if what they were parsed from is this body or the query."""
        if type(pairs) is not list or not pairs:
            return
        if type(text) is str and self._query and text == self._query:
            self._web.query(self._key, self._request.context, texts(pairs))
        elif self.is_form and self._is_body(text):
            self._web.form(self._key, self._request.context, texts(pairs))

    def parts(
        self, pairs: Iterable[tuple[str, Any]], uploads: Iterable[tuple[str, str, Any]]
    ) -> None:
        """Tag a form in parts, if that is what this body says it is; ``uploads``: as of a form."""
        if self._is_in_parts:
            self._web.form(self._key, self._request.context, pairs, uploads)

    def _is_body(self, text: Any) -> bool:
        kind = type(text)
        length = self._length
        if not 0 < length <= _LONGEST or kind not in (str, bytes, bytearray):
            return False
        if kind is str and not text.isascii():
            return len(text) < length == len(text.encode("utf-8", "replace"))
        return len(text) == length


def texts(pairs: Any) -> list[tuple[str, Any]]:
    """Return pairs of names and values as text; parsers that are given bytes give bytes."""
    return [
        (name.decode("utf-8", "replace") if type(name) is bytes else name, value)
        for name, value in pairs
    ]


class Expecting(WebSource):
    """A source that compares what is parsed with the body and the query of each request."""

    def begin(self, request: WebRequest) -> Scope:
        """Return a new scope for ``request``, whose body is recognised when it is parsed."""
        scope = super().begin(request)
        environ = request.environ()
        length, query = environ.get("CONTENT_LENGTH"), environ.get("QUERY_STRING")
        if query or (length and length != "0"):
            kind = environ.get("CONTENT_TYPE") or ""
            scope.state[BODY] = Body(self, request, environ, kind, length or "", query or "")
        return scope

    def tag_metadata(self, request: WebRequest, scope: Scope) -> None:
        """Tag, beside the headers, what no call of the framework has shown."""
        super().tag_metadata(request, scope)
        self.tag_session(request, scope)
        if isinstance(request, ForeignRequest):
            request.arrived(self)
