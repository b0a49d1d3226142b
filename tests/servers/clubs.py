"""The sites of a club in frameworks that no other test has, and what a visit to one shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import requests

from tests.system.launch import Launched
from tests.system.launchers import GUNICORN, VISITOR, Answers, Share, use
from tests.system.people import MARIA

OWN = ("python", "{site}.py", "{port}")
UWSGI = (
    # No HTTP router: it hangs up after each answer, as this socket does, and cannot say so.
    *("uwsgi", "--http-socket", "127.0.0.1:{port}", "--add-header", "Connection: close"),
    *("--master", "--die-on-term", "--need-app"),
)
_GUEST = {
    "city": "Reykjavík",
    "birthday": "1987-03-14",
    "email": "vera.lindgren@posteo.example",
}
_CARD = b"email: vera.lindgren@posteo.example\nphone: +44 7911 204 519"
_UPLOAD = {"document": ("card.txt", _CARD, "text/plain")}
_MAIL = frozenset({"email"})
_BORN = frozenset({"city", "birthday"})


def visit(app: Launched) -> Answers:
    """Use a site, then ask it what a guest and a member ask."""
    answers = use(app)
    guest, member = app.client(), app.client()
    url = app.url
    login = {"email": MARIA.email, "password": MARIA.password}
    found = [
        guest.post(f"{url}/ask", data=_GUEST),
        guest.post(f"{url}/ask-json", json=_GUEST),
        guest.post(f"{url}/upload", data={"note": "my card"}, files=_UPLOAD),
        guest.get(f"{url}/find", params={"email": _GUEST["email"]}),
        guest.get(f"{url}/of/{_GUEST['email']}"),
        guest.get(f"{url}/file"),
        guest.head(f"{url}/file"),
        guest.get(f"{url}/nothing"),
        guest.get(f"{url}/boom"),
        guest.post(f"{url}/contact"),
        member.post(f"{url}/login", data=login),
        member.get(f"{url}/people"),
    ]
    answers[VISITOR] = [_plain(answer, url) for answer in found]
    guest.close()
    member.close()
    assert [answer.status_code for answer in found[:6]] == [200] * 6
    return answers


def _plain(answer: requests.Response, url: str) -> tuple[int, str, bytes]:
    kind = answer.headers.get("Content-Type", "")
    return answer.status_code, kind, answer.content.replace(url.encode(), b"URL")


def further(of: str) -> Counter[Share]:
    """Return what :func:`visit` shares besides; ``of``: the framework's word for ``/of/…``."""
    return Counter(
        {
            ("/ask", "POST 127.0.0.1/contacts", VISITOR, _BORN): 1,
            ("/ask-json", "POST 127.0.0.1/contacts", VISITOR, _BORN): 1,
            ("/upload", "POST 127.0.0.1/files", VISITOR, frozenset({"email", "phone"})): 1,
            ("/find", "POST 127.0.0.1/search", VISITOR, _MAIL): 1,
            (of, "POST 127.0.0.1/messages", VISITOR, _MAIL): 1,
            ("/people", "POST 127.0.0.1/leads", "1", _MAIL): 1,
            ("/people", "POST 127.0.0.1/leads", "2", _MAIL): 1,
        }
    )


PATTERNS: Mapping[str, str] = {
    "aiohttp": "/of/{email}",
    "bottle": "/of/<email>",
    "cherrypy": "/of/{email}",
    "falcon": "/of/{email}",
    "pyramid": "/of/{email}",
    "tornado": "/of/(?P<email>[^/]+)",
    "webpy": "/of/(.+)",
}
"""Framework → how it writes the path ``/of/`` and an address."""
WAYS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "aiohttp": ("aiohttp", OWN),
    "bottle": ("bottle", (*GUNICORN, "-w", "2", "{site}:app")),
    "cherrypy": ("cherrypy", (*GUNICORN, "-k", "gthread", "--threads", "4", "{site}:app")),
    "falcon": ("falcon", (*UWSGI, "--enable-threads", "--module", "{site}:app")),
    "pyramid": ("pyramid", (*GUNICORN, "-w", "2", "{site}:app")),
    "tornado": ("tornado", OWN),
    "webpy": ("webpy", (*GUNICORN, "-w", "2", "{site}:app")),
}
"""Name → framework, and what its site is started with."""


def command(framework: str, words: tuple[str, ...]) -> tuple[str, ...]:
    """Return what starts the site of a framework, but for the port."""
    return tuple(word.replace("{site}", f"club_{framework}") for word in words)
