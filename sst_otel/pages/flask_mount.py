"""The pages beside every Flask application, without touching its url map.

``Flask.dispatch_request`` is where a request arrives after the application's ``before_request``
hooks and before its ``after_request`` hooks. Only where the application's own routing found
nothing, and only for our own paths, the answer is ours: routes, login walls, maintenance modes and
response hooks of the application keep working as they are.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import wrapt
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from sst_otel.guard import guard
from sst_otel.pages.application import PREFIX, PagesApp
from sst_otel.suppress import suppressed


def install(pages: PagesApp) -> Callable[[], None]:
    """Serve ``pages`` on every Flask application of this process; call the result to stop.

    Flask must be importable; import this module from a post-import hook on ``flask``.
    """
    import flask

    enabled = True

    def dispatch_request(
        wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        if enabled:
            with guard("pages.flask"):
                response = _response(pages, flask.request, instance)
                if response is not None:
                    return response
        return wrapped(*args, **kwargs)

    original = flask.Flask.__dict__["dispatch_request"]
    wrapt.wrap_function_wrapper("flask", "Flask.dispatch_request", dispatch_request)
    ours = flask.Flask.__dict__["dispatch_request"]

    def uninstall() -> None:
        nonlocal enabled
        enabled = False
        # Somebody wrapped it after us: stay inert inside theirs.
        if flask.Flask.__dict__.get("dispatch_request") is ours:
            flask.Flask.dispatch_request = original  # type: ignore[method-assign]

    return uninstall


def _response(pages: PagesApp, request: Any, app: Any) -> Any:
    if not request.path.startswith(PREFIX):
        return None
    if not isinstance(request.routing_exception, NotFound) or not pages.handles(request.path):
        return None
    environ = dict(request.environ)
    with suppressed():  # a staff token in the form is nobody's personal data
        if request.method == "POST":
            body = _body(request)
            environ["wsgi.input"] = io.BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        response = Response.from_app(pages, environ, buffered=True)
    return app.response_class.force_type(response, environ)


def _body(request: Any) -> bytes:
    """Return the urlencoded form, also where a hook of the application parsed it already.

    Not through ``request.form`` where nobody asked for it yet: parsing is the application's.
    """
    if "form" in vars(request):
        return urlencode(list(request.form.items(multi=True))).encode()
    return bytes(request.get_data(cache=True, parse_form_data=False))
