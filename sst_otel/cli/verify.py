"""``sst-otel verify``: hold the store, or one proof, against its seals."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sst_otel.cli import opening
from sst_otel.cli.checks import number
from sst_otel.cli.errors import PROBLEMS, UNREADABLE, USAGE, CommandError
from sst_otel.cli.listing import asked
from sst_otel.cli.output import write_json
from sst_otel.cli.paragraphs import facts, indented
from sst_otel.cli.sealing import add_every, snapshot_of, until_told, verifier
from sst_otel.rounds import Rounds
from sst_otel.settings import Settings

if TYPE_CHECKING:
    from sst_otel.audit.seals.report import Report

NAME = "verify"
HELP = "say whether the audit log is as it was written and sealed"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take what to verify, and by what."""
    parser.add_argument(
        "--since",
        metavar="TIME",
        help="check the rows of batches sealed since then, and of earlier ones the headers alone; "
        "seconds since 1970, or ISO 8601",
    )
    parser.add_argument("--anchor", metavar="FILE", type=Path, help="checkpoints kept elsewhere")
    parser.add_argument(
        "--public-key",
        metavar="FILE",
        type=Path,
        help="public keys of the sealers; default: the one beside SST_SEAL_KEY_FILE",
    )
    parser.add_argument(
        "--proof", metavar="FILE", type=Path, help="check this proof instead; no store is needed"
    )
    parser.add_argument(
        "--read-only", action="store_true", help="do not note the verdict in the store"
    )
    parser.add_argument("--format", choices=("table", "json"), default="table")
    add_every(parser, "verifying, at once for the first time,")


def run(options: argparse.Namespace) -> int:
    """Print what was found; 1 where something is not as it was."""
    used = opening.settings()
    if options.proof is not None:
        if options.every is not None:
            raise CommandError("--proof is checked once: leave out --every", USAGE)
        return _proof(options, used)
    if options.every is not None:
        return _regularly(options, used)
    return _once(options, used)


def _regularly(options: argparse.Namespace, used: Settings) -> int:
    """Verify until told to end; return the code of the last one that came to its end.

    Whatever fails is said each time, and tried again at the next.
    """
    from sst_otel.audit.seals.ledger import StoppedError

    rounds, codes = Rounds(), [0]

    def work() -> None:
        for last in rounds.each(options.every, first=0.0):
            if last:
                return
            try:
                codes.append(_once(options, used, lambda: rounds.stopping))
            except StoppedError:
                return
            except CommandError as error:
                print(f"{_time(time.time())}: {error}", file=sys.stderr, flush=True)
                codes.append(error.code)
            except Exception as error:
                kind = type(error).__name__
                print(f"{_time(time.time())}: not verified ({kind})", file=sys.stderr, flush=True)
                codes.append(UNREADABLE)

    until_told(work, rounds.stop)
    return codes[-1]


def _once(
    options: argparse.Namespace, used: Settings, stopping: Callable[[], bool] = lambda: False
) -> int:
    report = _verified(options, used, stopping)
    if not options.read_only:
        _note(used, report)
    if options.format == "json":
        write_json(_told(report))
    else:
        if options.every is not None:
            print(_time(time.time()))
        for line in _lines(report, options):
            print(line)
    sys.stdout.flush()
    return PROBLEMS if report.count else 0


def _verified(options: argparse.Namespace, used: Settings, stopping: Callable[[], bool]) -> Report:
    from sst_otel.audit.seals.verifying import verify

    since = asked(options, ["since"]).get("since")
    opening.require_store(used)
    keys = verifier(used, options.public_key)
    try:
        with snapshot_of(used) as connection:
            return verify(connection, keys, since=since, anchor=options.anchor, stopping=stopping)
    except (OSError, ValueError) as error:
        raise _bad_anchor(error) from None


def _note(used: Settings, report: Report) -> None:
    """Leave the verdict where dashboards and alerts see it; the exit code says it anyway."""
    from sqlalchemy.exc import SQLAlchemyError

    from sst_otel.audit.store import Store

    store = Store(used.database_url)
    try:
        store.note_verification(time.time(), report.count, report.first_event)
    except (SQLAlchemyError, RuntimeError) as error:
        reason = opening.reason(error)
        print(f"sst-otel: the verdict could not be noted: {reason}", file=sys.stderr)
    finally:
        store.close()


def _proof(options: argparse.Namespace, used: Settings) -> int:
    from sst_otel.audit.seals.proving import ProofError, check

    keys = verifier(used, options.public_key)
    try:
        proof = json.loads(options.proof.read_text("utf-8"))
    except OSError as error:
        text = f"the proof cannot be read: {error.strerror}"
        raise CommandError(text, USAGE) from None
    except ValueError:
        raise CommandError(f"{options.proof}: not JSON", USAGE) from None
    try:
        header = check(proof, keys, options.anchor)
    except ProofError as error:
        raise CommandError(f"the proof does not hold: {error}", PROBLEMS) from None
    except (OSError, ValueError) as error:
        raise _bad_anchor(error) from None
    at = _time(header.sealed_at / 1e6)
    if options.format == "json":
        write_json(
            {"event": proof["event"], "batch": header.seq, "sealed_at": header.sealed_at / 1e6}
        )
    else:
        event_id = proof["event"]["event_id"]
        text = (
            f"The event {event_id} was sealed as it stands in the proof, in batch {header.seq}, "
            f"{at}, key {header.key_id}."
        )
        for line in indented(text, ""):
            print(line)
    return 0


def _bad_anchor(error: OSError | ValueError) -> CommandError:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return CommandError(f"the anchor cannot be used: {reason}", USAGE)


def _told(report: Report) -> dict[str, Any]:
    told = asdict(report)
    head = told.pop("head")
    told["head"] = head and {**head, "sealed_at": head["sealed_at"] / 1e6}
    told["first_event"] = report.first_event
    return told


def _lines(report: Report, options: argparse.Namespace) -> Iterator[str]:
    head = report.head
    last = "nothing is sealed yet"
    if head is not None:
        last = f"batch {head.seq}, {_time(head.sealed_at / 1e6)}, key {head.key_id}"
    rows = [
        ("last seal", last),
        ("checked", f"{_batches(report.batches)}, {number(report.rows, 'row')}"),
        ("not sealed yet", number(report.unsealed, "row")),
    ]
    if report.pruned:
        whole = ""
        if report.pruned_batches:
            whole = f"; {_batches(report.pruned_batches)} pruned, header intact"
        rows.append(("pruned", f"{number(report.pruned, 'row')}{whole}"))
    if report.erased:
        people = "1 person" if report.erased == 1 else f"{report.erased:,} people"
        rows.append(("erased", f"{people}, {number(report.erased_rows, 'row')}"))
    if report.anchored is not None:
        rows.append(("anchored", f"up to batch {report.anchored}"))
    yield from facts(rows, "")
    if not report.count:
        yield "\nEverything is as it was written."
        if options.anchor is None:
            yield from indented("Without --anchor nobody can tell whether its end is missing.", "")
        return
    yield f"\n{number(report.count, 'problem')}"
    for problem in report.problems:
        event = "" if problem.event_id in (None, problem.key) else f" (event {problem.event_id})"
        text = f"{problem.what}: {problem.where} {problem.key}: {problem.detail}{event}"
        yield from indented(text, "  ")
    if report.count > len(report.problems):
        yield f"  and {report.count - len(report.problems):,} more"
    if report.first_event is not None:
        yield f"\nFirst event: {report.first_event}"


def _batches(count: int) -> str:
    return f"{count:,} batch{'' if count == 1 else 'es'}"


def _time(at: float) -> str:
    return f"{datetime.fromtimestamp(at, timezone.utc):%Y-%m-%d %H:%M:%S} UTC"
