"""``sst-otel erase``: take a person out of the audit store and this machine's journals."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sst_otel.cli import journals, opening
from sst_otel.cli.checks import number
from sst_otel.cli.days import days
from sst_otel.cli.errors import PROBLEMS, UNREADABLE, USAGE, CommandError
from sst_otel.cli.events import moment
from sst_otel.cli.output import write_json
from sst_otel.cli.paragraphs import facts, indented
from sst_otel.settings import Settings

if TYPE_CHECKING:
    from sst_otel.audit.store import Store

NAME = "erase"
HELP = "erase a person: what is left of their events leads to nobody"
_DAY = 86_400.0
_NOUNS = {
    "subjects": ("identity", "identities"),
    "aliases": ("link of a visitor", "links of visitors"),
    "provenance_records": ("datum", "data"),
    "tag_sources": ("source of a datum", "sources of data"),
    "tag_parents": ("link between data", "links between data"),
    "dead_letters": ("dead letter", "dead letters"),
    "journal_records": ("record in the journals", "records in the journals"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the person, and what to do without asking."""
    from sst_otel.audit.erasure import HOLD_DAYS

    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--owner", metavar="ID", help="the application's own id of the person, or their owner_ref"
    )
    what.add_argument("--list", action="store_true", help="list the erasures so far instead")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument(
        "--journals",
        action="store_true",
        help="this machine's journals alone, where the store is elsewhere (SST_AUDIT_ENDPOINT)",
    )
    parser.add_argument(
        "--hold",
        metavar="DAYS",
        type=days(0),
        default=HOLD_DAYS,
        help="days for which older records that arrive late find nobody (default: %(default)s)",
    )
    parser.add_argument("--format", choices=("table", "json"), default="table")


def run(options: argparse.Namespace) -> int:
    """Say what will go, ask, erase, and name the copies elsewhere."""
    used = opening.settings()
    if options.list:
        return _list(used, options.format)
    refs = _refs(options.owner, used)
    if options.journals:
        return _in_journals_alone(used, refs, options)
    with _store(used) as store:
        if used.audit_endpoint is None:
            _drain(used, store)
        store.upgrade()
        person = store.person(refs)
        if options.format == "table":
            for line in _plan(len(person.subjects), len(person.records), used):
                print(line)
        _ask(options)
        now = time.time()
        purged = journals.purged(used, person.refs)
        removed = store.erase(person.refs, now, options.hold, purged.records)
        removed["journal_records"] += journals.purged(used, person.refs).records
        compacted = store.compact() and not used.database_url.startswith("postgresql")
    held = now + options.hold * _DAY if options.hold else None
    _tell(removed, now, held, used, options.format, compacted=compacted)
    return 0


def _refs(owner: str, used: Settings) -> set[str]:
    from sst_otel.tags import Minter

    if not owner:
        raise CommandError("--owner must not be empty", USAGE)
    return {owner, Minter(opening.keys(used).secret).owner(owner).ref}


@contextmanager
def _store(used: Settings) -> Iterator[Store]:
    """Open the store for writing; what fails there ends with code 3."""
    from sqlalchemy.exc import SQLAlchemyError

    from sst_otel.audit.store import Store

    file = opening.database_file(used.database_url)
    if used.audit_endpoint is not None and file is not None and not file.exists():
        text = "the store is elsewhere (SST_AUDIT_ENDPOINT): erase there, and here by --journals"
        raise CommandError(text, UNREADABLE)
    try:
        opening.require_store(used)
        store = Store(used.database_url)
    except ValueError as error:
        raise CommandError(str(error), USAGE) from None
    try:
        yield store
    except (SQLAlchemyError, RuntimeError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            raise
        text = f"the audit store or the journals cannot be written ({opening.reason(error)})"
        raise CommandError(f"{text}; run this again", UNREADABLE) from None
    finally:
        store.close()


def _drain(used: Settings, store: Store) -> None:
    """Let the store have what the journals tell of the person, so that the events stay."""
    from sst_otel.audit.outbox.drain import drain

    if drain(store, used.spool_dir, journals.WAIT) is None:
        raise CommandError(journals.BUSY, PROBLEMS)


def _in_journals_alone(used: Settings, refs: set[str], options: argparse.Namespace) -> int:
    if used.audit_endpoint is None:
        raise CommandError("SST_AUDIT_ENDPOINT is not set: leave --journals out", USAGE)
    if options.format == "table":
        text = f"What the journals in {used.spool_dir} tell of this person will be overwritten."
        for line in indented(text, ""):
            print(line)
    _ask(options)
    done = journals.delivered_and_purged(used, refs)
    lost = sum(done.undelivered.values())
    if options.format == "json":
        removed = {"journal_records": done.records}
        write_json({"removed": removed, "undelivered": dict(done.undelivered)})
        return 0
    print(f"\n{_counted('journal_records', done.records)} overwritten.")
    if lost:
        print(f"{number(lost, 'record')} had not been delivered: told as a gap.")
    return 0


def _plan(subjects: int, data: int, used: Settings) -> Iterator[str]:
    if subjects:
        visitors = f" and {number(subjects - 1, 'visitor')} they were" if subjects > 1 else ""
        known = f"This person{visitors}, with {_counted('provenance_records', data)},"
        yield from indented(
            f"{known} will be erased from the audit store and from the journals in "
            f"{used.spool_dir}. Their events stay, as nobody's. This cannot be undone.",
            "",
        )
    else:
        yield from indented(
            "The audit store knows nobody by this id. Older records of theirs that arrive later "
            "will find nobody.",
            "",
        )


def _ask(options: argparse.Namespace) -> None:
    if options.yes:
        return
    if not sys.stdin.isatty():
        raise CommandError("nothing was erased: there is no terminal to ask; say --yes", USAGE)
    print("Erase? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise CommandError("nothing was erased", PROBLEMS)


def _tell(
    removed: dict[str, int],
    now: float,
    held: float | None,
    used: Settings,
    kind: str,
    *,
    compacted: bool,
) -> None:
    from sst_otel.audit.copies import copies

    elsewhere = list(copies(used, held, compacted=compacted))
    if kind == "json":
        told: dict[str, Any] = {"erased_at": now, "held_until": held, "removed": removed}
        write_json({**told, "copies": [asdict(copy) for copy in elsewhere]})
        return
    gone = [_counted(name, count) for name, count in removed.items() if count]
    print()
    for line in indented(f"Erased: {', '.join(gone) or 'nothing was there'}.", ""):
        print(line)
    print("\nCopies that this command does not reach")
    for line in facts([(one.where, f"{one.holds}: {one.until}") for one in elsewhere], "  "):
        print(line)


def _counted(name: str, count: int) -> str:
    one, many = _NOUNS.get(name, (name, name))
    return f"{count:,} {one if count == 1 else many}"


def _list(used: Settings, kind: str) -> int:
    with _store(used) as store:
        store.upgrade()
        rows = store.erasures()
    if kind == "json":
        write_json({"erasures": rows})
        return 0
    for row in rows:
        gone = [_counted(name, count) for name, count in row["removed"].items() if count]
        for line in indented(", ".join(gone) or "nothing was there", f"{moment(row['at'])} UTC  "):
            print(line)
    if not rows:
        print("Nobody has been erased.", file=sys.stderr)
    return 0
