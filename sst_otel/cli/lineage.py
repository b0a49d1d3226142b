"""``sst-otel lineage``: what a datum was made of, what was made of it, and who got that."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

from sst_otel.cli import opening
from sst_otel.cli.errors import PROBLEMS, USAGE, CommandError
from sst_otel.cli.events import moment
from sst_otel.cli.output import add_format, write_csv, write_json, write_ndjson
from sst_otel.cli.tree import Node, draw
from sst_otel.matching.reasons import steps
from sst_otel.pages import words

NAME = "lineage"
HELP = "follow one tag back to its source fields and on to everybody who got it"
FIELDS = (
    "relation",
    "depth",
    "tag_id",
    "data_type",
    "sources",
    "lineage",
    "transformations",
    "event_id",
    "timestamp",
    "recipient",
    "destination",
    "outcome",
    "tag_ids",
)
"""``relation``: ``self``, ``ancestor``, ``descendant`` or ``share``."""
_SHOWN = 100
_PAGE = 1_000

Found = Mapping[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the tag and which way to go; both ways unless told."""
    parser.add_argument("tag_id", help="as `sst-otel provenance` and `explain` print it")
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--ancestors", action="store_true", help="only what it was made of")
    way.add_argument("--descendants", action="store_true", help="only what became of it")
    parser.add_argument(
        "--limit",
        metavar="LIMIT",
        help=f"at most so many shares, newest first; default: all, {_SHOWN} in the tree",
    )
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    """Print the tree or the rows; 1 where there is no such tag."""
    limit = _limit(options.limit)
    if limit is None and options.format == "table":
        limit = _SHOWN
    with opening.reader(opening.settings()) as reader:
        up = None if options.descendants else reader.ancestors(options.tag_id, viewer=None)
        down = None if options.ancestors else _all(reader, options.tag_id, limit)
    if up is None and down is None:
        raise CommandError("there is no such tag", PROBLEMS)
    if options.format == "json":
        write_json({**(up or {}), **(down or {}), **_truncated(up, down)})
    elif options.format == "ndjson":
        write_ndjson(_rows(up, down))
    elif options.format == "csv":
        write_csv(_rows(up, down), FIELDS)
    else:
        for line in text(up, down):
            print(line)
    return 0


def text(up: Found | None, down: Found | None) -> Iterator[str]:
    """Yield the tree: the datum, below it what it was made of, then what became of it."""
    found = up or down
    assert found is not None
    tag = found["tag"]
    yield from draw(Node(f"{_named(tag)}, of {tag['owner_id'] or 'nobody known'}"))
    if up is not None:
        yield ""
        yield "Made of"
        yield from draw(*(_above(tag, up) or [Node("nothing else: this is a source")]))
    if down is not None:
        yield ""
        yield "Shared, and made into"
        yield from draw(*(_below(tag, down) or [Node("nothing: it was not shared")]))
        if down["next_cursor"] is not None:
            shown = words.counted(len(down["shares"]), "share is", "shares are")
            yield f"Only the newest {shown} shown; see --limit."
    if any(one["truncated"] for one in (up, down) if one is not None):
        yield "There are more data in this line than are shown."


def _named(datum: Found) -> str:
    made = steps(datum["transformations"])
    places = ", ".join(source for source in datum["sources"] if source)
    about = f" by {made}" if made else f" from {places}" if places else ""
    return f"{words.data_type(datum['data_type'] or 'unknown')} {datum['tag_id']}{about}"


def _above(tag: Found, up: Found) -> list[Node]:
    """Return the parents with theirs, each datum below one that was made of it."""
    nodes = {one["tag_id"]: Node(_named(one)) for one in (tag, *up["ancestors"])}
    placed = {tag["tag_id"]}
    for datum in (tag, *up["ancestors"]):
        for parent in datum["lineage"]:
            if parent in nodes and parent not in placed:
                nodes[datum["tag_id"]].children.append(nodes[parent])
                placed.add(parent)
    return nodes[tag["tag_id"]].children


def _below(tag: Found, down: Found) -> list[Node]:
    """Return the shares and the children, each datum below one of its parents."""
    nodes = {tag["tag_id"]: Node("")}
    for datum in down["descendants"]:
        nodes[datum["tag_id"]] = Node(_named(datum))
    shared: dict[str, list[Node]] = {}
    for share in down["shares"]:
        who = words.recipient(share["recipient"])
        told = f"{moment(share['timestamp'])} to {who}: {share['destination']}"
        for tag_id in share["tag_ids"]:
            shared.setdefault(tag_id, []).append(Node(told))
    placed = {tag["tag_id"]}
    for datum in down["descendants"]:  # nearest first, so a parent is placed before its children
        parent = next((one for one in datum["lineage"] if one in placed), tag["tag_id"])
        nodes[parent].children.append(nodes[datum["tag_id"]])
        placed.add(datum["tag_id"])
    for tag_id, node in nodes.items():
        node.children[:0] = shared.get(tag_id, [])
    return nodes[tag["tag_id"]].children


def _rows(up: Found | None, down: Found | None) -> Iterator[dict[str, Any]]:
    found = up or down
    assert found is not None
    yield {"relation": "self", **found["tag"]}
    for datum in up["ancestors"] if up is not None else ():
        yield {"relation": "ancestor", **datum}
    if down is not None:
        for datum in down["descendants"]:
            yield {"relation": "descendant", **datum}
        for share in down["shares"]:
            yield {"relation": "share", **share}


def _truncated(*found: Found | None) -> dict[str, bool]:
    return {"truncated": any(one["truncated"] for one in found if one is not None)}


def _all(reader: Any, tag_id: str, limit: int | None) -> dict[str, Any] | None:
    """Return the descendants with all shares, page after page, or the newest ``limit`` of them."""
    size = _PAGE if limit is None else min(limit, _PAGE)
    found: dict[str, Any] | None = reader.descendants(tag_id, viewer=None, limit=size)
    while found is not None and found["next_cursor"] is not None:
        left = _PAGE if limit is None else min(limit - len(found["shares"]), _PAGE)
        if left <= 0:
            break
        page = reader.descendants(tag_id, viewer=None, limit=left, cursor=found["next_cursor"])
        if page is None:
            break
        found["shares"] += page["shares"]
        found["next_cursor"] = page["next_cursor"]
    return found


def _limit(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10) or int(text) < 1:
        raise CommandError("--limit must be a whole number of at least 1", USAGE)
    return int(text)
