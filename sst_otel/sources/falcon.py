"""Falcon as a source: one scope a request; what the application has had parsed of it is tagged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any

from sst_otel.patching import Patches
from sst_otel.scope import current_scope
from sst_otel.sources.session_keys import AccountNames
from sst_otel.sources.web import REQUEST
from sst_otel.sources.web_foreign import vars_of
from sst_otel.sources.wsgi import Framework, WsgiRequest
from sst_otel.tagging import Tagger

_REQUEST = "falcon.request"
_PART = "falcon.media.multipart"


def install(
    tagger: Tagger, rules: tuple[str, ...], accounts: AccountNames | None = None
) -> Patches:
    """Open a scope around every Falcon request and tag what the application parses of it."""
    source = _Falcon("source.falcon", tagger, rules, accounts)
    source.patches.wrap("falcon.app", "App.__call__", source.serving(_FalconRequest))
    source.after("falcon.app", "App._get_responder", source.matched)
    source.after(_REQUEST, "Request.__init__", source.made)
    for name in ("get_media", "media"):
        source.after(_REQUEST, f"Request.{name}", source.media_read)
    for name in ("get_text", "text", "get_data", "data"):
        source.after(_PART, f"BodyPart.{name}", source.part_read, optional=True)
    return source.patches


class _FalconRequest(WsgiRequest):
    __slots__ = ("asked",)

    def __init__(self, environ: Mapping[str, Any]) -> None:
        super().__init__(environ)
        self.asked: Any = None

    def signed_in(self) -> Any:
        """Return the user that a middleware has put beside the request, as the manuals do."""
        return vars_of(getattr(self.asked, "context", None)).get("user")


class _Falcon(Framework):
    def made(self, asked: Any, _result: Any, args: tuple[Any, ...], kwargs: Any) -> None:
        """Note Falcon's own request, and tag the query that it has parsed."""
        environ = args[0] if args else kwargs["env"]
        request = self.current(environ)
        if type(request) is _FalconRequest:
            request.asked = asked
            if asked.params:
                self.query(environ, _pairs(asked.params))

    def matched(self, _app: Any, found: Any, args: tuple[Any, ...], _kwargs: Any) -> None:
        """Tag what the route takes out of the path."""
        request = self.current(args[0].env)
        _, arguments, _, template = found
        if request is not None and template:
            request.routed(self.web, template, arguments.items())

    def media_read(self, asked: Any, media: Any, args: tuple[Any, ...], _kwargs: Any) -> None:
        """Tag a form or a document that the application has just had parsed."""
        asked = asked if asked is not None else args[0]
        if "x-www-form-urlencoded" in (asked.content_type or ""):
            self.form(asked.env, _pairs(media) if type(media) is dict else ())
        else:
            self.document(asked.env, media)

    def part_read(self, part: Any, read: Any, args: tuple[Any, ...], _kwargs: Any) -> None:
        """Tag a field of a form in parts, or an uploaded text; the application reads one by one."""
        part = part if part is not None else args[0]
        scope = current_scope()
        request = scope.state.get(REQUEST)
        if type(request) is not _FalconRequest:
            return
        if type(read) is str and not part.filename:
            self.tagger.fields([(part.name or "", read)], "form_field", request.context, scope)
        elif type(read) is bytes and part.filename:
            upload = (part.name or "", part.content_type, BytesIO(read))
            self.web.form(part, request.context, (), [upload])


def _pairs(params: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in params.items():
        for each in value if type(value) is list else (value,):
            yield name, each
