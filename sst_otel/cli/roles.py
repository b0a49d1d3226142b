"""``sst-otel roles``: the database roles of a store in PostgreSQL, as SQL, or applied."""

from __future__ import annotations

import argparse

from sst_otel.cli import opening
from sst_otel.cli.days import days
from sst_otel.cli.errors import UNREADABLE, USAGE, CommandError
from sst_otel.cli.paragraphs import facts

NAME = "roles"
HELP = "print the SQL of the database roles (PostgreSQL), or apply it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take whether to apply it."""
    parser.add_argument(
        "--apply", action="store_true", help="run it on SST_DATABASE_URL, as the tables' owner"
    )
    parser.add_argument(
        "--keep-days",
        metavar="DAYS",
        type=days(0),
        help="events that are younger nobody can prune; default: what was said before, or 30",
    )


def run(options: argparse.Namespace) -> int:
    """Print it, or run it in one transaction and say which role is for what."""
    from sst_otel.audit.roles import ROLES, statements

    used = opening.settings()
    if not options.apply:
        print("-- Made by `sst-otel roles`. Run it as the tables' owner, again after an upgrade.")
        print("BEGIN;")
        for statement in statements(options.keep_days):
            print(f"{statement};")
        print("COMMIT;")
        return 0
    _apply(used.database_url, options.keep_days)
    print("Applied. Grant them to the accounts that programs log in with:")
    for line in facts([(role.name, role.purpose) for role in ROLES], "  "):
        print(line)
    return 0


def _apply(url: str, keep_days: int | None) -> None:
    from sqlalchemy.exc import SQLAlchemyError

    from sst_otel.audit.database import Database
    from sst_otel.audit.roles import apply

    try:
        database = Database(url)
    except ValueError as error:
        raise CommandError(str(error), USAGE) from None
    if not database.is_postgresql:
        raise CommandError("SST_DATABASE_URL is not PostgreSQL: only that has roles", USAGE)
    try:
        with database.writing(alone=True) as connection:
            apply(connection, keep_days)
    except (SQLAlchemyError, RuntimeError) as error:
        text = f"the roles could not be made ({opening.reason(error)})"
        raise CommandError(text, UNREADABLE) from None
    finally:
        database.close()
