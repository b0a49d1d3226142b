"""Pyramid, and what else reads its requests with WebOb, as a source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from sst_otel.patching import Patches
from sst_otel.sources.session_keys import AccountNames
from sst_otel.sources.web_foreign import loaded_session, vars_of
from sst_otel.sources.wsgi import Framework, WsgiRequest
from sst_otel.tagging import Tagger

_LOG_INS = (
    ("pyramid.security", "SecurityAPIMixin.authenticated_userid"),
    ("pyramid.security", "SecurityAPIMixin.identity"),
    ("pyramid.security", "AuthenticationAPIMixin.authenticated_userid"),
)
"""What asks the application's policy who is logged in; which ones there are varies."""
_POLICY = "CallbackAuthenticationPolicy"
"""A view's ``permission`` has the policy asked, and the request never."""
_AUTHENTICATED = "system.Authenticated"
"""What stands before the user's id in a list of principals (``pyramid.authorization``)."""


def install(
    tagger: Tagger, rules: tuple[str, ...], accounts: AccountNames | None = None
) -> Patches:
    """Open a scope around every Pyramid request and tag what the application parses of it."""
    source = _Pyramid("source.pyramid", tagger, rules, accounts)
    patches = source.patches
    patches.wrap("pyramid.router", "Router.__call__", source.serving(_PyramidRequest))
    source.before("pyramid.router", "Router.invoke_request", source.asked)
    source.after("pyramid.urldispatch", "RoutesMapper.__call__", source.matched)
    for module, path in _LOG_INS:
        source.after(module, path, source.named, optional=True)
    policies = "pyramid.authentication"
    source.after(policies, f"{_POLICY}.authenticated_userid", source.named, optional=True)
    source.after(policies, f"{_POLICY}.effective_principals", source.permitted, optional=True)
    source.after("webob.request", "BaseRequest.POST", source.form_parsed)
    source.after("webob.request", "BaseRequest.GET", source.query_parsed)
    for name in ("json_body", "json"):
        source.after("webob.request", f"BaseRequest.{name}", source.json_parsed)
    return patches


class _PyramidRequest(WsgiRequest):
    __slots__ = ("asked",)

    def __init__(self, environ: Mapping[str, Any]) -> None:
        super().__init__(environ)
        self.asked: Any = None

    def stored(self) -> dict[str, Any]:
        """Return the session that the request has made, if it was asked for it."""
        return loaded_session(vars_of(self.asked).get("session")) or super().stored()


class _Pyramid(Framework):
    def asked(self, _router: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Note Pyramid's own request."""
        asked = args[0] if args else kwargs["request"]
        request = self.current(asked.environ)
        if type(request) is _PyramidRequest:
            request.asked = asked

    def matched(self, _mapper: Any, info: Any, args: tuple[Any, ...], _kwargs: Any) -> None:
        """Tag what the route takes out of the path."""
        request = self.current(args[0].environ) if args else None
        if request is not None and info["route"] is not None:
            request.routed(self.web, info["route"].pattern, (info["match"] or {}).items())

    def permitted(
        self, policy: Any, principals: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """Note who is logged in, as a policy names them among what they may act as."""
        if type(principals) is list:
            for mark, user in pairwise(principals):
                if type(mark) is str and mark == _AUTHENTICATED:
                    self.named(policy, user, args, kwargs)
                    return

    def named(
        self, mixin: Any, user: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """Note who is logged in; a policy is given the request, else it is ``mixin``."""
        asked = args[0] if args else kwargs.get("request", mixin)
        request = self.current(asked.environ)
        if request is not None and user is not None:
            request.login = user.get("userid") if type(user) is dict else user

    def form_parsed(self, asked: Any, form: Any, args: tuple[Any, ...], _kwargs: Any) -> None:
        """Tag a form that the application has just had parsed."""
        if len(form):
            self.form((args[0] if args else asked).environ, _texts(form), _uploads(form))

    def json_parsed(self, asked: Any, tree: Any, args: tuple[Any, ...], _kwargs: Any) -> None:
        """Tag a document that the application has just had parsed."""
        self.document((args[0] if args else asked).environ, tree)

    def query_parsed(self, asked: Any, query: Any, args: tuple[Any, ...], _kwargs: Any) -> None:
        """Tag a query that the application has just had parsed."""
        if len(query):
            self.query((args[0] if args else asked).environ, query.items())


def _texts(form: Any) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in form.items() if type(value) is str)


def _uploads(form: Any) -> Iterator[tuple[str, str, Any]]:
    for name, value in form.items():
        held = vars_of(value)
        if held.get("filename") and held.get("file") is not None:
            yield name, held.get("type") or "", held["file"]
