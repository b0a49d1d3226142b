"""Keys, store and rounds of the commands that seal and verify."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sst_otel.cli import opening
from sst_otel.cli.errors import UNREADABLE, USAGE, CommandError
from sst_otel.cli.server import ENDS, block_ends
from sst_otel.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from sst_otel.audit.seals.sealer import Sealer
    from sst_otel.audit.seals.signing import Verifier


def add_every(parser: argparse.ArgumentParser, what: str) -> None:
    """Take the interval of a command that can go on; ``what`` it does then."""
    parser.add_argument(
        "--every",
        metavar="SECONDS",
        type=_seconds,
        help=f"go on {what} at this interval until SIGTERM or SIGINT",
    )


def until_told(work: Callable[[], object], stop: Callable[[], object]) -> None:
    """Let a thread work until SIGTERM or SIGINT, then ``stop`` it and wait for its end."""
    block_ends()
    thread = threading.Thread(target=work, name="sst-rounds")
    thread.start()
    signal.sigwait(ENDS)
    stop()
    thread.join()


def sealer(used: Settings) -> Sealer:
    """Return a sealer of the settings; its key is made where there is none yet."""
    from sst_otel.audit.seals.sealer import Sealer
    from sst_otel.audit.seals.signing import load_signer

    if used.seal_key_file is None:
        raise CommandError("set SST_SEAL_KEY_FILE: the file of the key to seal with", USAGE)
    try:
        return Sealer(used.database_url, load_signer(used.seal_key_file), used.seal_anchor)
    except ValueError as error:
        raise CommandError(str(error), USAGE) from None
    except OSError as error:
        reason = f"{used.seal_key_file}: {error.strerror}"
        raise CommandError(f"the key cannot be read: {reason}", UNREADABLE) from None


def verifier(used: Settings, named: Path | None) -> Verifier:
    """Return the public keys in the file ``named``, or in the one beside the key that seals."""
    from sst_otel.audit.seals.signing import load_verifier, public_file

    if named is None:
        if used.seal_key_file is None:
            raise CommandError("name the public key: --public-key FILE", USAGE)
        named = public_file(used.seal_key_file)
    try:
        return load_verifier(named)
    except ValueError as error:
        raise CommandError(str(error), USAGE) from None
    except OSError as error:
        text = f"the public key cannot be read: {named}: {error.strerror}"
        raise CommandError(text, USAGE) from None


@contextmanager
def snapshot_of(used: Settings) -> Iterator[Connection]:
    """Give one state of the store, whoever writes; what fails while reading ends with code 3."""
    from sqlalchemy.exc import SQLAlchemyError

    from sst_otel.audit.store import Store

    opening.require_store(used)
    try:
        store = Store(used.database_url)
    except ValueError as error:
        raise CommandError(str(error), USAGE) from None
    try:
        with store.reading() as connection:
            yield connection
    except SQLAlchemyError as error:
        text = f"the audit store cannot be read: {opening.reason(error)}"
        raise CommandError(text, UNREADABLE) from None
    finally:
        store.close()


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0.1 <= seconds <= 86_400:
        raise ValueError
    return seconds
