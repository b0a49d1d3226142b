"""Bottle as a source: one scope a request; what the application has had parsed of it is tagged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sst_otel.patching import Patches
from sst_otel.sources.session_keys import AccountNames
from sst_otel.sources.web_foreign import mark_again, vars_of
from sst_otel.sources.wsgi import Framework, WsgiRequest
from sst_otel.tagging import Tagger


def install(
    tagger: Tagger, rules: tuple[str, ...], accounts: AccountNames | None = None
) -> Patches:
    """Open a scope around every Bottle request and tag what the application parses of it."""
    source = _Bottle("source.bottle", tagger, rules, accounts)
    source.patches.wrap("bottle", "Bottle.wsgi", source.serving(_BottleRequest))
    source.after("bottle", "Router.match", source.routed)
    # Properties of a kind of its own, which keep what they have got in the ``environ``.
    source.after("bottle", "BaseRequest.POST.getter", source.form_parsed)
    source.after("bottle", "BaseRequest.query.getter", source.query_parsed)
    source.after("bottle", "BaseRequest.json.getter", source.json_parsed)
    source.after("bottle", "FormsDict._fix", source.recoded)
    source.after("bottle", "BaseRequest.get_cookie", source.cookie_read)
    return source.patches


class _BottleRequest(WsgiRequest):
    __slots__ = ()


class _Bottle(Framework):
    def routed(self, _router: Any, found: Any, args: tuple[Any, ...], _kwargs: Any) -> None:
        """Tag what the route takes out of the path."""
        request = self.current(args[0])
        route, arguments = found
        if request is not None:
            request.routed(self.web, route.rule, arguments.items())

    def form_parsed(self, _: Any, form: Any, args: tuple[Any, ...], _kwargs: Any) -> None:
        """Tag a form that the application has just had parsed."""
        texts = _texts(form)
        self.form(args[0].environ, _as_sent(texts), _uploads(form))
        _mark_kept(texts)

    def query_parsed(self, _: Any, query: Any, args: tuple[Any, ...], _kwargs: Any) -> None:
        """Tag a query that the application has just had parsed."""
        texts = _texts(query)
        self.query(args[0].environ, _as_sent(texts))
        _mark_kept(texts)

    def json_parsed(self, _: Any, tree: Any, args: tuple[Any, ...], _kwargs: Any) -> None:
        """Tag a document that the application has just had parsed."""
        self.document(args[0].environ, tree)

    def recoded(self, _form: Any, text: Any, args: tuple[Any, ...], _kwargs: Any) -> None:
        """Mark a value that is handed out as a text of its own each time."""
        if type(text) is str:
            mark_again(args[0], text)

    def cookie_read(
        self, asked: Any, value: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """Note what a cookie holds that the application has signed."""
        names = dict(zip(("key", "default", "secret"), args, strict=False), **kwargs)
        request = self.current(asked.environ)
        if request is not None and names.get("secret") and value is not None:
            request.signed[names["key"]] = value


def _texts(form: Any) -> list[tuple[str, str, str]]:
    """Return name, text as Bottle keeps it and text as it was sent, which is UTF-8."""
    found = []
    for name, value in form.allitems():
        if type(value) is str:
            sent = value
            if form.recode_unicode and not value.isascii():
                try:
                    sent = value.encode("latin-1").decode("utf-8")
                except UnicodeError:
                    sent = value
            found.append((name, value, sent))
    return found


def _as_sent(texts: list[tuple[str, str, str]]) -> Iterator[tuple[str, str]]:
    return ((name, sent) for name, _, sent in texts)


def _mark_kept(texts: list[tuple[str, str, str]]) -> None:
    for _, kept, sent in texts:
        mark_again(sent, kept)


def _uploads(form: Any) -> Iterator[tuple[str, str, Any]]:
    for name, value in form.allitems():
        file = vars_of(value).get("file")
        if file is not None:
            yield name, value.content_type or "", file
