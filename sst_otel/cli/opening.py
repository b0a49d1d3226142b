"""Settings, key and store for a command; it only reads, so it creates none of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sst_otel.cli.errors import UNREADABLE, USAGE, CommandError
from sst_otel.keys import Keys, load_keys
from sst_otel.settings import Settings, load_settings

if TYPE_CHECKING:
    from sst_otel.audit.queries import Reader

_REFUSED = "42501"


def settings() -> Settings:
    """Return the settings in effect; a wrong one ends the command with code 2."""
    try:
        return load_settings()
    except ValueError as error:
        raise CommandError(str(error), USAGE) from None


def keys(used: Settings) -> Keys:
    """Return the keys; a missing key file is not created, since it could open nothing."""
    if used.key is None and not used.key_file.exists():
        raise CommandError(
            f"there is no key at {used.key_file}; run this where the application runs, "
            "or name its key by SST_KEY_FILE",
            UNREADABLE,
        )
    try:
        return load_keys(used.key, used.key_file)
    except ValueError as error:
        raise CommandError(str(error), USAGE) from None
    except OSError as error:
        raise CommandError(f"the key cannot be read: {error.strerror}", UNREADABLE) from None


def database_file(url: str) -> Path | None:
    """Return the file of a SQLite URL; None for memory and other databases."""
    from sqlalchemy.engine import make_url

    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    return Path(str(parsed.database))


def require_store(used: Settings) -> None:
    """End with code 3 where there is nothing to read yet, rather than make an empty database."""
    file = database_file(used.database_url)
    if file is not None and not file.exists() and not any(used.spool_dir.glob("*.journal")):
        raise CommandError(
            f"there is no audit store at {file}; run this where the application runs, "
            "or name its store by SST_DATABASE_URL",
            UNREADABLE,
        )


@contextmanager
def reader(used: Settings) -> Iterator[Reader]:
    """Open the audit store for reading; what fails while reading ends with code 3."""
    from sqlalchemy.exc import SQLAlchemyError

    from sst_otel.audit import open_reader

    require_store(used)
    key = keys(used)
    try:
        opened = open_reader(used, key)
    except ValueError as error:  # an unknown dialect, a driver not installed
        raise CommandError(str(error), USAGE) from None
    try:
        yield opened
    except (SQLAlchemyError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise CommandError(f"the audit store cannot be read: {reason(error)}", UNREADABLE) from None
    finally:
        opened.close()


def reason(error: Exception) -> str:
    """Say what went wrong without statement or parameters, which may hold an owner id."""
    original = getattr(error, "orig", None)
    code = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
    # What PostgreSQL refuses for want of a right is told by the name of a table, or in our words.
    if original is not None and (type(error).__name__ == "OperationalError" or code == _REFUSED):
        return str(original).strip().partition("\n")[0] or type(original).__name__
    return type(original or error).__name__
