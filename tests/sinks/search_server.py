"""A server that answers clients of Elasticsearch and OpenSearch as briefly as they allow."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager

from tests.serving import HttpHandler, StandIn, serving


class _Handler(HttpHandler):
    def do_POST(self) -> None:
        body = self.body()
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        items = [{"index": {"_id": "1", "status": 201}} for _ in range(body.count(b"\n") // 2)]
        answer = json.dumps({"errors": False, "items": items, "hits": {"hits": []}}).encode()
        status = 400 if self.path.startswith("/nope") else 200
        kind = {"X_Elastic_Product": "Elasticsearch", "Content_Type": "application/json"}
        self.answer(answer, status, **kind)

    do_PUT = do_GET = do_DELETE = do_POST


@contextmanager
def search_server() -> Iterator[str]:
    """Serve on loopback, gives the URL; everything but the index ``nope`` is there."""
    with serving(StandIn(_Handler)) as port:
        yield f"http://127.0.0.1:{port}"
