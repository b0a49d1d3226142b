"""WSGI callables of no framework, by the server that calls them."""

from __future__ import annotations

import functools
import gc
import io
import json
import urllib.parse
import weakref
from collections.abc import Callable, Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.util import FileWrapper

import flask
import pytest
import requests
from werkzeug.middleware.proxy_fix import ProxyFix

import sst_otel
from sst_otel.scope import PROCESS, current_scope
from sst_otel.sources.wsgi_servers import has_framework
from tests.support import Tracking, Vendor

MAIL = "ottoline.brackwater@posteo.example"
FORM = {"email": MAIL, "city": "Leipzig", "birthday": "1987-03-14"}
BORN = ("birthday", "city")
Application = Callable[..., Any]


class Site:
    """Tells a vendor of town and birthday, whichever way they have come."""

    def __init__(self, vendor: str) -> None:
        self.vendor = vendor
        self.answers: dict[str, Any] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        if path in self.answers:
            return self.answers[path](environ, start_response)
        start_response("200 OK", [("Content-Type", "text/plain")])
        if path == "/stream":
            return self.stream(self.given(environ))
        self.tell(self.given(environ))
        return [b"told"]

    def given(self, environ: dict[str, Any]) -> dict[str, str]:
        if environ["REQUEST_METHOD"] == "GET":
            return dict(urllib.parse.parse_qsl(environ["QUERY_STRING"]))
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        if "json" in environ["CONTENT_TYPE"]:
            found: dict[str, str] = json.loads(body)
            return found
        parsed = urllib.parse.parse_qs(body.decode())
        return {name: values[0] for name, values in parsed.items()}

    def tell(self, given: dict[str, str]) -> None:
        fields = {"town": given["city"], "born": given["birthday"]}
        requests.post(f"{self.vendor}/crm", json=fields, timeout=20)

    def stream(self, given: dict[str, str]) -> Iterator[bytes]:
        yield b"begun\n"
        self.tell(given)
        yield b"told"


@pytest.fixture
def site(vendor: Vendor) -> Site:
    return Site(vendor.url)


@pytest.fixture
def served(site: Site, tracking: Tracking) -> Iterator[Application | None]:
    """What a server of the standard library calls."""
    with WSGIServer(("127.0.0.1", 0), WSGIRequestHandler) as server:
        server.set_app(site)
        yield server.get_app()


class Asked:
    """One call of an application, as a server makes it."""

    def __init__(self, application: Application, path: str, body: bytes = b"", **more: str) -> None:
        self.input = io.BytesIO(body)
        self.environ: dict[str, Any] = {
            "REQUEST_METHOD": "POST" if body else "GET",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "CONTENT_LENGTH": str(len(body)) if body else "",
            "CONTENT_TYPE": "application/x-www-form-urlencoded" if body else "",
            "wsgi.input": self.input,
            "wsgi.file_wrapper": FileWrapper,
            **more,
        }
        self.started: list[tuple[Any, ...]] = []
        self.written: list[bytes] = []
        self.result = application(self.environ, self.start_response)

    def start_response(self, *args: Any) -> Callable[[bytes], None]:
        self.started.append(args)
        return self.written.append


def form_body() -> bytes:
    return urllib.parse.urlencode(FORM).encode()


def types(tracking: Tracking) -> list[tuple[str, ...]]:
    return [share[2] for share in tracking.shares()]


class TestWhatComesIn:
    def test_a_form(self, served: Application, tracking: Tracking) -> None:
        assert Asked(served, "/form", form_body()).result == [b"told"]
        assert types(tracking) == [BORN]
        assert "form_field:city" in tracking.sources()

    @pytest.mark.parametrize("city", ["Leipzig", "Łódź"])
    def test_a_document(self, served: Application, tracking: Tracking, city: str) -> None:
        body = json.dumps({**FORM, "city": city}, ensure_ascii=False).encode()
        Asked(served, "/json", body, CONTENT_TYPE="application/json; charset=utf-8")
        assert types(tracking) == [BORN]

    def test_a_query(self, served: Application, tracking: Tracking) -> None:
        Asked(served, "/find", QUERY_STRING=urllib.parse.urlencode(FORM))
        assert types(tracking) == [BORN]
        assert "query:city" in tracking.sources()

    def test_what_is_parsed_besides_is_not_the_requests(
        self, served: Application, tracking: Tracking, site: Site
    ) -> None:
        def answer(_: Any, start_response: Any) -> list[bytes]:
            start_response("200 OK", [])
            site.tell(json.loads(json.dumps(FORM)))
            site.tell(dict(urllib.parse.parse_qsl(urllib.parse.urlencode(FORM))))
            return []

        site.answers["/settings"] = answer
        Asked(served, "/settings", b"{}", CONTENT_TYPE="application/json")
        assert types(tracking) == []

    def test_a_stream_has_its_request_while_it_is_made(
        self, served: Application, tracking: Tracking
    ) -> None:
        asked = Asked(served, "/stream", form_body())
        assert next(asked.result) == b"begun\n"
        assert current_scope() is PROCESS
        assert list(asked.result) == [b"told"]
        assert types(tracking) == [BORN]


class TestWhatStaysAsItIs:
    @pytest.mark.parametrize(
        "result",
        [[b"a"], (b"a",), b"a", FileWrapper(io.BytesIO(b"a")), io.BytesIO(b"a"), iter([b"a"])],
        ids=lambda result: type(result).__name__,
    )
    def test_a_result_that_is_not_made_later(
        self, served: Application, site: Site, result: Any
    ) -> None:
        site.answers["/"] = lambda _environ, _start_response: result
        assert Asked(served, "/").result is result

    def test_a_file_of_the_servers_own_kind(self, served: Application, site: Site) -> None:
        class Wrapper:
            def __init__(self, file: io.BytesIO) -> None:
                self.filelike = file

            def __iter__(self) -> Iterator[bytes]:
                return iter(self.filelike)

        site.answers["/"] = lambda _environ, _start_response: Wrapper(io.BytesIO(b"a"))
        assert type(Asked(served, "/").result) is Wrapper

    def test_what_was_closed_and_written(self, served: Application, site: Site) -> None:
        closed = []

        class Pieces:
            def __iter__(self) -> Iterator[bytes]:
                yield b"b"

            def close(self) -> None:
                closed.append(current_scope())

        def answer(_: Any, start_response: Any) -> Pieces:
            write = start_response("200 OK", [("A", "b")], None)
            write(b"a")
            return Pieces()

        site.answers["/"] = answer
        asked = Asked(served, "/")
        assert (asked.written, [*asked.result]) == ([b"a"], [b"b"])
        asked.result.close()
        assert asked.started == [("200 OK", [("A", "b")], None)]
        assert len(closed) == 1
        assert closed[0] is not PROCESS

    def test_an_error_is_the_applications(self, served: Application, site: Site) -> None:
        def answer(_: Any, _start_response: Any) -> None:
            raise LookupError("mine")

        site.answers["/"] = answer
        with pytest.raises(LookupError) as caught:
            Asked(served, "/")
        frames = []
        entry = caught.value.__traceback__
        while entry is not None:
            frames.append(entry.tb_frame.f_code.co_filename)
            entry = entry.tb_next
        assert not [name for name in frames if "sst_otel/" in name]

    def test_the_input_is_the_servers_and_unread(self, served: Application, site: Site) -> None:
        seen = []

        def answer(environ: dict[str, Any], start_response: Any) -> list[bytes]:
            start_response("200 OK", [])
            seen.append(environ["wsgi.input"])
            return []

        site.answers["/"] = answer
        asked = Asked(served, "/", form_body())
        assert seen == [asked.input]
        assert asked.input.tell() == 0
        assert current_scope() is PROCESS

    def test_nothing_is_held_afterwards(self, served: Application, tracking: Tracking) -> None:
        class Input(io.BytesIO):
            pass

        body = form_body()
        given = Input(body)
        asked = Asked(served, "/form", body, **{"wsgi.input": given})  # type: ignore[arg-type]
        assert asked.result == [b"told"]
        left = weakref.ref(given)
        del asked, given
        gc.collect()
        assert left() is None

    def test_it_ends_with_tracking(self, served: Application) -> None:
        sst_otel.stop_tracking()
        assert Asked(served, "/form", form_body()).result == [b"told"]
        assert urllib.parse.parse_qsl.__module__ == "urllib.parse"
        assert not hasattr(urllib.parse.parse_qsl, "__wrapped__")


class TestFrameworks:
    """An application that has a source of its own is left to it."""

    def test_one_as_it_is_or_inside_of_others(self) -> None:
        app = flask.Flask(__name__)

        def middleware(environ: Any, start_response: Any) -> Any:
            return app(environ, start_response)

        assert has_framework(app)
        assert has_framework(app.wsgi_app)
        assert has_framework(ProxyFix(app.wsgi_app))
        assert has_framework(middleware)
        assert has_framework(functools.partial(middleware))
        assert has_framework(late)

    def test_none(self, site: Site) -> None:
        assert not has_framework(site)
        assert not has_framework(site.__call__)
        assert not has_framework(lambda environ, start_response: [])
        assert not has_framework(ProxyFix(site))


def late(environ: Any, start_response: Any) -> Any:
    """Make the application when it is first asked for it, as some do."""
    return _made()(environ, start_response)


def _made() -> flask.Flask:
    return flask.Flask(__name__)
