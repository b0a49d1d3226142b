"""The pages and the JSON API as one plain WSGI application.

It knows no framework: :mod:`sst_otel.pages.flask_mount` puts it beside a Flask application,
``sst-otel serve`` behind a server of the standard library.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sst_otel.guard import count_error
from sst_otel.keys import Keys
from sst_otel.pages import PREFIX, api, dashboard, layout, log, share
from sst_otel.pages.access import COOKIE, STAFF_SECONDS, Access, Environ, PersonOf, Viewer
from sst_otel.pages.parameters import (
    LOG_FILTERS,
    ParameterError,
    filters,
    partly,
    query_parameters,
)
from sst_otel.pages.reading import ReaderFactory
from sst_otel.pages.responses import (
    CHALLENGE,
    HEADERS,
    Answer,
    read_form,
    see_other,
)
from sst_otel.settings import Settings

if TYPE_CHECKING:
    from sst_otel.audit.queries import Reader

_API = "/api"
_SHARE = re.compile(r"/shares/[0-9a-zA-Z-]{1,64}")
_STATIC_TYPES = {"style.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class _Request:
    environ: Environ
    frame: layout.Frame
    viewer: Viewer | None

    @property
    def query(self) -> str:
        return str(self.environ.get("QUERY_STRING", ""))


class PagesApp:
    """Serves everything under ``/provenance/``.

    ``reader_factory`` opens an audit reader, which is closed after each request. ``person_of``
    gives the owner id of a request's *signed* session, or None; None for a server that has no
    people of its own. ``now`` gives epoch seconds.
    """

    def __init__(
        self,
        reader_factory: ReaderFactory,
        keys: Keys,
        settings: Settings,
        person_of: PersonOf | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._open = reader_factory
        self._service = settings.service_name
        self._trace_url = settings.trace_url
        self._access = Access(keys, settings.staff_token, person_of, now)
        self._routes: dict[str, tuple[str, Callable[[_Request], Answer]]] = {
            "": ("GET", self._index),
            "/": ("GET", self._index),
            "/dashboard": ("GET", self._dashboard),
            "/audit-logs": ("GET", self._log),
            "/sign-in": ("POST", self._sign_in),
            "/sign-out": ("POST", self._sign_out),
            **{f"/static/{name}": ("GET", self._static) for name in _STATIC_TYPES},
        }

    def handles(self, path: str) -> bool:
        """Whether there is something of ours at ``path`` (PATH_INFO)."""
        return path.startswith(PREFIX) and self._route(path[len(PREFIX) :]) is not None

    def _route(self, path: str) -> tuple[str, Callable[[_Request], Answer]] | None:
        if path.startswith(_API) and api.has(path[len(_API) :]):
            return "GET", self._api
        if _SHARE.fullmatch(path):
            return "GET", self._share
        return self._routes.get(path)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        answer = self._answer(environ)
        status = f"{answer.status} {HTTPStatus(answer.status).phrase}"
        named = {name for name, _ in answer.headers}
        start_response(
            status,
            [
                ("Content-Type", answer.kind),
                ("Content-Length", str(len(answer.body))),
                *answer.headers,
                *[(name, value) for name, value in HEADERS if name not in named],
            ],
        )
        return [] if environ.get("REQUEST_METHOD") == "HEAD" else [answer.body]

    def _answer(self, environ: Environ) -> Answer:
        path = environ.get("PATH_INFO", "")
        base = quote(environ.get("SCRIPT_NAME", "").encode("latin-1", "replace")) + PREFIX
        route = self._route(path[len(PREFIX) :]) if path.startswith(PREFIX) else None
        if route is None:
            frame = layout.Frame(base, None, self._service)
            return Answer(404, layout.message(frame, "There is no such page"))
        allowed, handler = route
        method = environ.get("REQUEST_METHOD", "GET")
        if ("GET" if method == "HEAD" else method) != allowed:
            allow = "GET, HEAD" if allowed == "GET" else allowed
            return Answer(405, b"Method not allowed\n", "text/plain", [("Allow", allow)])
        viewer = self._access.viewer(environ)
        frame = layout.Frame(base, viewer, self._service, self._trace_url)
        return handler(_Request(environ, frame, viewer))

    def _index(self, request: _Request) -> Answer:
        return see_other(request.frame.link("dashboard"))

    def _static(self, request: _Request) -> Answer:
        name = request.environ["PATH_INFO"].rpartition("/")[2]
        body = (layout.STATIC / name).read_bytes()
        # No one's data, and the address changes with the content.
        return Answer(200, body, _STATIC_TYPES[name], [("Cache-Control", "public, max-age=86400")])

    def _dashboard(self, request: _Request) -> Answer:
        def render(reader: Reader, viewer: Viewer) -> Answer:
            summary = reader.summary(viewer.owner_id)
            newest: list[dict[str, Any]] = []
            if viewer.staff:
                newest, _ = reader.audit_logs(viewer=None, limit=dashboard.PEOPLE_FROM)
            return Answer(200, dashboard.page(request.frame, summary, newest))

        return self._page(request, render)

    def _log(self, request: _Request) -> Answer:
        def render(reader: Reader, viewer: Viewer) -> Answer:
            summary = reader.summary(viewer.owner_id)
            raw: dict[str, str] = {}
            try:
                raw = {
                    name: text
                    for name, text in query_parameters(request.query).items()
                    if name in LOG_FILTERS and (viewer.staff or name != "owner_id")
                }
                used = filters(raw, LOG_FILTERS, limit=log.PAGE_SIZE)
                if "destination" in used:
                    used["destination"] = partly(used["destination"])
                events, more = api.read(reader.audit_logs, viewer, used)
            except ParameterError as problem:
                body = log.page(request.frame, summary, [], raw=raw, problem=problem)
                return Answer(400, body)
            body = log.page(request.frame, summary, events, raw=raw, next_cursor=more)
            return Answer(200, body)

        return self._page(request, render)

    def _share(self, request: _Request) -> Answer:
        event_id = request.environ["PATH_INFO"].rpartition("/")[2]

        def render(reader: Reader, viewer: Viewer) -> Answer:
            event = reader.explain(event_id, viewer=viewer.owner_id)
            if event is None:
                return Answer(404, layout.message(request.frame, "There is no such share"))
            roles = log.roles(reader.summary(viewer.owner_id))
            role = roles.get(log.who(event), "unknown")
            return Answer(200, share.page(request.frame, event, role))

        return self._page(request, render)

    def _api(self, request: _Request) -> Answer:
        path = request.environ["PATH_INFO"][len(PREFIX + _API) :]
        return api.answer(self._open, request.viewer, path, request.query)

    def _page(self, request: _Request, render: Callable[[Reader, Viewer], Answer]) -> Answer:
        if request.viewer is None:
            return self._sign_in_page(request, 401, back=_address(request))
        try:
            with closing(self._open()) as reader:
                return render(reader, request.viewer)
        except Exception as error:
            count_error("pages.read", type(error).__name__)
            text = (
                "The audit store cannot be read at the moment. Nothing is lost by that: shares "
                "are kept beside it until it can be written again. ",
                "Staff find the reason with sst-otel doctor on the server.",
            )
            return Answer(503, layout.message(request.frame, "Please try again later", *text))

    def _sign_in(self, request: _Request) -> Answer:
        form = read_form(request.environ)
        back = _own_address(request.frame, form.get("next", ""))
        if not self._access.is_token(form.get("token", "")):
            return self._sign_in_page(request, 401, back=back, wrong=True)
        cookie = self._set_cookie(request, self._access.cookie(), STAFF_SECONDS)
        return see_other(back or request.frame.link("dashboard"), cookie)

    def _sign_out(self, request: _Request) -> Answer:
        return see_other(request.frame.link("dashboard"), self._set_cookie(request, "", 0))

    def _sign_in_page(
        self, request: _Request, status: int, *, back: str, wrong: bool = False
    ) -> Answer:
        body = layout.sign_in(
            request.frame,
            staff=self._access.has_staff,
            people=self._access.has_people,
            wrong=wrong and self._access.has_staff,
            back=back,
        )
        return Answer(status, body, headers=[CHALLENGE])

    def _set_cookie(self, request: _Request, value: str, seconds: int) -> tuple[str, str]:
        environ = request.environ
        # A forged X-Forwarded-Proto only makes the forger's own cookie stricter.
        https = "https" in (environ.get("wsgi.url_scheme"), environ.get("HTTP_X_FORWARDED_PROTO"))
        text = (
            f"{COOKIE}={value}; Path={request.frame.base}; Max-Age={seconds}; "
            "HttpOnly; SameSite=Strict"
        )
        return ("Set-Cookie", text + ("; Secure" if https else ""))


def _address(request: _Request) -> str:
    environ = request.environ
    path = quote(environ.get("PATH_INFO", "")[len(PREFIX) + 1 :].encode("latin-1", "replace"))
    return request.frame.link(path, request.query)


def _own_address(frame: layout.Frame, address: str) -> str:
    """Return ``address`` if it is one of our own pages, else ``""`` (no open redirect)."""
    own = address.startswith(frame.base + "/") and address.isascii() and address.isprintable()
    return address if own and not set(address) & set("\\ <>\"'") and ".." not in address else ""
