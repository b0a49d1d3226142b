"""``sst-otel explain``: one share in words, and why each of its data was reported."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from sst_otel import semconv
from sst_otel.cli import opening
from sst_otel.cli.errors import PROBLEMS, CommandError
from sst_otel.cli.output import add_format, write_csv, write_json, write_ndjson
from sst_otel.cli.paragraphs import facts, indented
from sst_otel.matching.reasons import WHY, rarity, sentence, steps
from sst_otel.pages import words
from sst_otel.pages.reading import code_line

NAME = "explain"
HELP = "say in words what one share was, and why it was reported"
FIELDS = (
    "event_id",
    "tag_id",
    "data_type",
    "evidence",
    "path",
    "rule",
    "bits",
    "key",
    "explanation",
    "sources",
    "transformations",
    "ancestors",
)
"""One row a finding; ``explanation`` is the sentence of the text."""

Explained = Mapping[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the event's id."""
    parser.add_argument("event_id", help="as `sst-otel events --format json` prints it")
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    """Print the explanation; 1 where there is no such event."""
    with opening.reader(opening.settings()) as reader:
        event = reader.explain(options.event_id, viewer=None)
    if event is None:
        raise CommandError("there is no share with this id", PROBLEMS)
    for finding in event["findings"]:
        finding["explanation"] = f"{words.capital(sentence(finding, finding['evidence']))}."
    rows = [{"event_id": event["event_id"], **finding} for finding in event["findings"]]
    if options.format == "json":
        write_json(event)
    elif options.format == "ndjson":
        write_ndjson(rows)
    elif options.format == "csv":
        write_csv([{**row, "ancestors": _tags(row["ancestors"])} for row in rows], FIELDS)
    else:
        for line in text(event):
            print(line)
    return 0


def text(event: Explained) -> Iterator[str]:
    """Yield the lines a person reads, in as many characters as the terminal is wide."""
    yield f"Share {event['event_id']}"
    yield from facts(_about(event), "  ")
    for number, finding in enumerate(event["findings"], 1):
        yield ""
        where = f" in {finding['path']}" if finding["path"] else ""
        title = f"{words.data_type(finding['data_type'])}{where} ({finding['evidence']})"
        yield from indented(title, f"{number}. ", "   ")
        yield from facts(_why(finding), "   ")
    yield from _limits(event)


def _about(event: Explained) -> Iterator[tuple[str, str]]:
    types = [words.data_type(name) for name in event["data_types"]]
    yield "What", words.listed(types)
    yield "Whose", words.whose(event)
    known = words.identified(event["recipient"])
    place = words.about(None, event["purpose"], event["country"]) if known else ""
    yield "To whom", words.recipient(event["recipient"]) + (f" ({place})" if place else "")
    yield "", event["destination"]
    happened = words.capital(words.event_type(event["event_type"]))
    outcome = words.OUTCOMES.get(str(event["outcome"]), "No answer is recorded.")
    yield "How", f"{happened}. {outcome}"
    at = datetime.fromtimestamp(event["timestamp"], timezone.utc)
    yield "When", f"{at:%Y-%m-%d %H:%M:%S} UTC"
    yield "Line", code_line(event) or "not recorded"
    yield "Route", " ".join(piece for piece in (event["service"], event["route"]) if piece)
    yield "Trace", event["trace_id"]


def _why(finding: Explained) -> Iterator[tuple[str, str]]:
    said = [finding["explanation"], rarity(finding, finding["data_type"])]
    yield "Why", " ".join(text for text in said if text)
    yield "Made by", steps(finding["transformations"])
    yield "From", "; ".join(_origin(one) for one in _sources(finding))
    yield "Tag", finding["tag_id"]


def _sources(finding: Explained) -> list[Explained]:
    """Return the source data a finding goes back to; itself where it was not computed."""
    if not finding["ancestors"]:
        return [finding] if finding["sources"] else []
    return [one for one in finding["ancestors"] if not one["transformations"]]


def _origin(datum: Explained) -> str:
    places = [source for source in datum["sources"] if source]
    return f"{words.data_type(datum['data_type'])} ({', '.join(places) or 'source not recorded'})"


def _tags(data: list[dict[str, Any]]) -> list[str]:
    return [one["tag_id"] for one in data]


def _limits(event: Explained) -> Iterator[str]:
    """Say what may be missing here."""
    metadata = event["metadata"]
    limits = []
    if event["tag_ids"] and not metadata.get(WHY):
        limits.append("This share was written without the rules that found it.")
    if metadata.get(semconv.UNREAD):
        limits.append("Part of the message was too long to be read: it may hold more.")
    if metadata.get(semconv.EXHAUSTED):
        limits.append("The request held more tagged values than are followed: some may be missed.")
    shared = metadata.get(semconv.AMBIGUOUS)
    if isinstance(shared, list):
        types = words.listed(words.data_type(str(name)) for name in shared)
        limits.append(f"Several people have the same {types}: each is reported.")
    for limit in limits:
        yield ""
        yield from indented(limit, "Note: ")
