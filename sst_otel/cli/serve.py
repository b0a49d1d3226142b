"""``sst-otel serve``: the pages for staff, of any application, on a server of their own."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from sst_otel.cli import opening
from sst_otel.cli.errors import USAGE, CommandError
from sst_otel.cli.server import THREADS, add_listen, address_of, serve

NAME = "serve"
HELP = "serve the pages and the JSON API to staff (SST_STAFF_TOKEN)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the address."""
    add_listen(parser, "127.0.0.1:8765")


def run(options: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT, then let the running requests end."""
    from sst_otel.audit import open_reader
    from sst_otel.audit.store import Store
    from sst_otel.pages.application import PagesApp

    address = address_of(options.listen)
    settings = opening.settings()
    if settings.staff_token is None:
        raise CommandError("set SST_STAFF_TOKEN first: only staff may see everybody's rows", USAGE)
    opening.require_store(settings)
    keys = opening.keys(settings)
    try:
        store = Store(settings.database_url, THREADS)  # a connection costs more than most questions
    except ValueError as error:
        raise CommandError(str(error), USAGE) from None
    pages = PagesApp(lambda: open_reader(settings, keys, store), keys, settings)

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == "/":
            environ["PATH_INFO"] = "/provenance/"
        return pages(environ, start_response)

    serve(application, address, "/provenance/dashboard", "staff token")
    return 0
