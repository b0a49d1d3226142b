"""The pages beside every Flask application, without touching its url map.

``Flask.dispatch_request`` is where a request arrives after the application's ``before_request``
hooks and before its ``after_request`` hooks. Only where the application's own routing found
nothing, and only for our own paths, the answer is ours: routes, login walls, maintenance modes and
response hooks of the application keep working as they are.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sst_otel.flask_contexts import request_context
from sst_otel.guard import guard
from sst_otel.pages import PREFIX
from sst_otel.patching import Patches
from sst_otel.suppress import suppressed
from sst_otel.tracebacks import unseen

if TYPE_CHECKING:
    from sst_otel.pages.application import PagesApp

_guarded = guard("pages.flask")


def install(pages: Callable[[], PagesApp]) -> Patches:
    """Serve pages on every Flask application of this process.

    ``pages`` makes the application on the first request for it: most processes never get one.
    """
    patches = Patches("pages.flask")
    made = lru_cache(maxsize=1)(pages)

    @unseen
    def dispatch_request(
        wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        with _guarded:
            request = request_context().request
            if request.routing_exception is not None:
                response = _response(made, request, instance)
                if response is not None:
                    return response
        return wrapped(*args, **kwargs)

    # The class where it is defined: the OpenTelemetry instrumentation puts its own at flask.Flask.
    patches.wrap("flask.app", "Flask.dispatch_request", dispatch_request)
    return patches


def _response(pages: Callable[[], PagesApp], request: Any, app: Any) -> Any:
    if not request.path.startswith(PREFIX):
        return None
    from werkzeug.exceptions import NotFound
    from werkzeug.wrappers import Response

    if not isinstance(request.routing_exception, NotFound) or not pages().handles(request.path):
        return None
    environ = dict(request.environ)
    with suppressed():  # a staff token in the form is nobody's personal data
        if request.method == "POST":
            body = _body(request)
            environ["wsgi.input"] = io.BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        response = Response.from_app(pages(), environ, buffered=True)
    return app.response_class.force_type(response, environ)


def _body(request: Any) -> bytes:
    """Return the urlencoded form, also where a hook of the application parsed it already.

    Not through ``request.form`` where nobody asked for it yet: parsing is the application's.
    """
    if "form" in vars(request):
        return urlencode(list(request.form.items(multi=True))).encode()
    return bytes(request.get_data(cache=True, parse_form_data=False))
