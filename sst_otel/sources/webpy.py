"""web.py as a source: one scope a request; what the application has had parsed of it is tagged."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from sst_otel.patching import Patches
from sst_otel.scope import current_scope
from sst_otel.sources.session_keys import AccountNames
from sst_otel.sources.web import REQUEST
from sst_otel.sources.web_foreign import vars_of
from sst_otel.sources.wsgi import Framework, WsgiRequest
from sst_otel.tagging import Tagger

_APPLICATION = "web.application"
_OWN_KEYS = frozenset({"ip", "session_id"})


def install(
    tagger: Tagger, rules: tuple[str, ...], accounts: AccountNames | None = None
) -> Patches:
    """Open a scope around every request of web.py and tag what the application parses of it."""
    source = _WebPy("source.webpy", tagger, rules, accounts)
    patches = source.patches
    serving = source.calls(source.asked)
    patches.wrap(_APPLICATION, "application.handle_with_processors", serving)
    source.after(_APPLICATION, "application._match", source.matched)
    source.after("web.webapi", "rawinput", source.input_parsed)
    source.after("web.session", "Session._load", source.session_loaded)
    return patches


class _WebPyRequest(WsgiRequest):
    __slots__ = ("kept",)

    def __init__(self, environ: Mapping[str, Any]) -> None:
        super().__init__(environ)
        self.kept: Any = None

    def stored(self) -> dict[str, Any]:
        """Return the session of this thread, without what web.py keeps in each for itself."""
        held = vars_of(self.kept)
        return {name: value for name, value in held.items() if name not in _OWN_KEYS}


class _WebPy(Framework):
    def asked(self, *_: Any) -> _WebPyRequest | None:
        """Return the request being served; an application inside another shares that one's."""
        return self.begun(_WebPyRequest, sys.modules["web"].ctx.env)

    def matched(
        self, _app: Any, found: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """Tag what the pattern takes out of the path; its groups have no names."""
        request = current_scope().state.get(REQUEST)
        what, groups = found
        if type(request) is _WebPyRequest and what is not None and groups is not None:
            mapping, path = args
            match = sys.modules["web"].utils.re_compile
            route = next((each for each, _ in mapping if match(rf"^{each}\Z").match(path)), "")
            request.routed(self.web, route, [("path", group) for group in groups])

    def input_parsed(self, _: Any, found: Any, _args: Any, _kwargs: Any) -> None:
        """Tag a form in parts; the others are seen where they are parsed."""
        request = current_scope().state.get(REQUEST)
        if type(request) is _WebPyRequest:
            environ = request.environ()
            if environ.get("CONTENT_TYPE", "").lower().startswith("multipart/"):
                self.form(environ, _texts(found), _uploads(found))

    def session_loaded(self, session: Any, *_: Any) -> None:
        """Note the session."""
        request = current_scope().state.get(REQUEST)
        if type(request) is _WebPyRequest:
            request.kept = session._data


def _texts(found: Any) -> Iterator[tuple[str, str]]:
    for name, value in dict.items(found):
        for each in value if type(value) is list else (value,):
            if type(each) is str:
                yield name, each


def _uploads(found: Any) -> Iterator[tuple[str, str, Any]]:
    for name, value in dict.items(found):
        for each in value if type(value) is list else (value,):
            if getattr(each, "filename", None) and getattr(each, "file", None) is not None:
                kind = getattr(each, "content_type", None) or getattr(each, "type", None)
                yield name, kind or "", each.file
