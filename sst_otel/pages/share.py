"""One share: what left, and for each datum why it is listed and what it was made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sst_otel.matching.reasons import rarity, sentence, steps
from sst_otel.pages import words
from sst_otel.pages.html import Child, Markup, h
from sst_otel.pages.layout import Frame, chips, document, moment_of
from sst_otel.pages.log import facts

Found = Mapping[str, Any]


def page(frame: Frame, event: Found, role: str) -> bytes:
    """Return the page of an event with its findings, as :meth:`Reader.explain` gives it."""
    own = frame.viewer is None or not frame.viewer.staff
    at = float(event["timestamp"])
    whose = [] if own else [("Whose", event["owner_id"] or "nobody known")]
    about: list[tuple[str, Child]] = [
        ("When", moment_of(words.moment(at), words.iso(at))),
        ("What", chips([words.data_type(name) for name in event["data_types"]])),
        *whose,
        (
            "To whom",
            [
                h("strong", words.recipient(event.get("recipient"))),
                " ",
                h("code", event["destination"]),
            ],
        ),
        *facts(frame, event, role),
    ]
    return document(
        frame,
        "One share",
        h(
            "h1",
            "What left of your data, and why it is listed"
            if own
            else "What left, and why it is listed",
        ),
        h("p", h("a", "← Every share", href=frame.link("audit-logs"))),
        h(
            "section",
            h("h2", "The share", id="share"),
            listed(about),
            aria_labelledby="share",
            class_="panel",
        ),
        h(
            "section",
            h("h2", "What was in it", id="findings"),
            [_finding(one, own=own) for one in event["findings"]],
            aria_labelledby="findings",
        ),
    )


def listed(pairs: Iterable[tuple[str, Child]]) -> Markup:
    """Return labelled facts; those without a text are left out."""
    rows = [h("div", h("dt", name), h("dd", fact)) for name, fact in pairs if fact]
    return h("dl", rows, class_="facts")


def _finding(finding: Found, *, own: bool) -> Markup:
    why = sentence(finding, finding["evidence"])
    made = steps(finding["transformations"])
    details: list[tuple[str, Child]] = [
        ("Why", f"{words.capital(reworded(why, own=own))}."),
        # How rare a value is, is for those who judge the rule, not for whose it is.
        ("Rarity", None if own else rarity(finding, finding["data_type"])),
        ("Where in the message", h("code", finding["path"]) if finding["path"] else None),
        ("Made by", made or None),
        ("Came from", _origins(finding)),
        ("Tag", h("code", finding["tag_id"])),
    ]
    return h(
        "article",
        h("h3", words.capital(words.data_type(finding["data_type"]))),
        listed(details),
        class_="panel",
    )


def reworded(why: str, *, own: bool) -> str:
    """Address the person whose data it is, where it is they who read."""
    return why.replace("this person's", "yours").replace("this person", "yours") if own else why


def _origins(finding: Found) -> Child:
    """Return the source data a finding goes back to; itself where it was not computed."""
    line = finding["ancestors"] or [finding]
    return h("ul", [h("li", _origin(one)) for one in line if one["sources"]]) if line else None


def _origin(datum: Found) -> Child:
    places = [source for source in datum["sources"] if source]
    made = steps(datum["transformations"])
    return [
        words.data_type(datum["data_type"] or "unknown"),
        [[" ", h("code", place)] for place in places],
        f" by {made}" if made else None,
    ]
