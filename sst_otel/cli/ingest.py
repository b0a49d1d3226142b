"""``sst-otel ingest``: take audit records by OTLP/HTTP and write them into the store."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sst_otel.cli import opening
from sst_otel.cli.errors import USAGE, CommandError
from sst_otel.cli.sealing import sealer
from sst_otel.cli.server import add_listen, address_of, block_ends, is_loopback, serve

if TYPE_CHECKING:
    from sst_otel.audit.ingest.application import Keeping
    from sst_otel.settings import Settings

NAME = "ingest"
HELP = "take what applications and collectors send (OTLP/HTTP) into SST_DATABASE_URL"
_THREADS = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the address."""
    add_listen(parser, "127.0.0.1:8090")


def run(options: argparse.Namespace) -> int:
    """Take requests until SIGTERM or SIGINT; what is under way is committed and answered."""
    from sst_otel.audit.ingest.application import MAX_BODY, IngestApp
    from sst_otel.audit.ingest.counting import Counts

    address = address_of(options.listen)
    settings = opening.settings()
    if not settings.ingest_token and not is_loopback(address[0]):
        raise CommandError(
            "set SST_INGEST_TOKEN first: without it anybody who reaches this address may write",
            USAGE,
        )
    application = IngestApp(_store(settings.database_url), settings.ingest_token, Counts())

    def ending() -> None:
        application.stopping = True

    with _sealing(settings):
        serve(
            application, address, "/v1/logs", "token", ending, threads=_THREADS, max_body=MAX_BODY
        )
    return 0


@contextmanager
def _sealing(settings: Settings) -> Iterator[None]:
    """Seal at intervals, and once more at the end, where there is a key for it."""
    if settings.seal_key_file is None or not settings.seal_every:
        yield
        return
    used = sealer(settings)
    block_ends()
    thread = threading.Thread(target=used.run, args=(settings.seal_every,), name="sst-sealer")
    thread.start()
    try:
        yield
    finally:
        used.stop()
        thread.join()


def _store(url: str) -> Keeping:
    from sst_otel.audit.ingest.keeping import StoreKeeping

    try:
        return StoreKeeping(url, _THREADS)
    except ValueError as error:
        raise CommandError(str(error), USAGE) from None
