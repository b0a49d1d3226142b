"""Calls a WSGI application as a server would, and reads the answer."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

from sst_otel.pages.application import PagesApp
from tests.pages.sample import STAFF_TOKEN


@dataclass
class Reply:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass
class Client:
    """Calls a WSGI application; ``person`` is who the signed session belongs to."""

    app: PagesApp

    def __call__(
        self,
        path: str,
        query: str = "",
        *,
        method: str = "GET",
        person: str | None = None,
        body: bytes = b"",
        **environ: Any,
    ) -> Reply:
        replies: list[tuple[str, list[tuple[str, str]]]] = []
        chunks = self.app(
            {
                "REQUEST_METHOD": method,
                "SCRIPT_NAME": "",
                "PATH_INFO": "/provenance" + path,
                "QUERY_STRING": query,
                "CONTENT_LENGTH": str(len(body)),
                "wsgi.input": io.BytesIO(body),
                "wsgi.url_scheme": "http",
                "test.person": person,
                **environ,
            },
            lambda status, headers: replies.append((status, headers)),
        )
        status, headers = replies[0]
        return Reply(int(status.split()[0]), headers, b"".join(chunks))


STAFF: dict[str, Any] = {"HTTP_AUTHORIZATION": f"Bearer {STAFF_TOKEN}"}
