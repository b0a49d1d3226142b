"""Every share: a filter form, the newest shares first, and the evidence of each in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from sst_otel import semconv
from sst_otel.pages import words
from sst_otel.pages.filter_form import filter_form
from sst_otel.pages.html import Child, Markup, h
from sst_otel.pages.layout import Frame, chips, document, moment_of
from sst_otel.pages.parameters import ParameterError
from sst_otel.pages.reading import code_line, stack_lines

PAGE_SIZE = 50
Event = Mapping[str, Any]


def page(
    frame: Frame,
    summary: Mapping[str, Any],
    events: Sequence[Event],
    *,
    raw: Mapping[str, str],
    next_cursor: str | None = None,
    problem: ParameterError | None = None,
) -> bytes:
    """Return the page. ``raw`` are the filters as given; ``problem`` is the one that is wrong."""
    staff = frame.viewer is not None and frame.viewer.staff
    filtered = {name: text for name, text in raw.items() if name not in ("cursor", "limit")}
    if problem is not None:
        answer: Child = None
    elif events:
        answer = [
            _table(frame, events, roles(summary), staff=staff),
            _paging(frame, raw, next_cursor),
        ]
    else:
        answer = _empty(frame, filtered=bool(filtered), staff=staff)
    return document(
        frame,
        "Every share",
        h("h1", "Every time somebody's data left" if staff else "Every time your data left"),
        filter_form(frame, summary, filtered, problem, staff=staff),
        answer,
        current="audit-logs",
    )


def roles(summary: Mapping[str, Any]) -> dict[tuple[Any, ...], str]:
    """Return the role of each recipient; an event names the recipient, not the role."""
    return {who(one): str(one["role"]) for one in summary["recipients"]}


def who(one: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what tells one recipient from another, of an event or of the summary."""
    return (one["recipient"], one["purpose"], one["country"])


def _table(
    frame: Frame, events: Sequence[Event], roles: Mapping[tuple[Any, ...], str], *, staff: bool
) -> Markup:
    heads = ["When", "What", *(["Whose"] if staff else []), "To whom", "From which line"]
    return h(
        "table",
        h("caption", f"{words.counted(len(events), 'share')}, newest first", class_="unseen"),
        h(
            "thead",
            h(
                "tr",
                [h("th", text, scope="col", role="columnheader") for text in heads],
                role="row",
            ),
            role="rowgroup",
        ),
        [
            _rows(frame, event, roles.get(who(event), "unknown"), staff=staff, columns=len(heads))
            for event in events
        ],
        class_="log",
        role="table",
    )


def _rows(frame: Frame, event: Event, role: str, *, staff: bool, columns: int) -> Markup:
    at = float(event["timestamp"])
    known = words.identified(event.get("recipient"))
    cells: list[tuple[str, Child]] = [
        ("When", moment_of(words.moment(at), words.iso(at))),
        ("What", chips([words.data_type(name) for name in event["data_types"]])),
    ]
    if staff:
        cells.append(("Whose", event["owner_id"] or "nobody known"))
    place = words.about(role, event.get("purpose"), event.get("country"))
    cells.append(
        (
            "To whom",
            [
                h("strong", words.recipient(event.get("recipient"))),
                h("code", event["destination"], class_="destination"),
                h("span", words.capital(place), class_="hint") if known else None,
            ],
        )
    )
    cells.append(("From which line", _short_line(code_line(event))))
    return h(
        "tbody",
        h(
            "tr",
            [h("td", content, role="cell", data_label=label) for label, content in cells],
            role="row",
        ),
        h(
            "tr",
            h("td", _details(frame, event, role, own=not staff), colspan=columns, role="cell"),
            role="row",
            class_="more",
        ),
        role="rowgroup",
    )


def _short_line(line: str) -> Child:
    if not line:
        return h("span", "not recorded", class_="hint")
    file, _, rest = line.rpartition("/")
    folder = file.rpartition("/")[2]
    return h("code", f"{folder}/{rest}" if folder else rest, title=line)


def _details(frame: Frame, event: Event, role: str, *, own: bool) -> Markup:
    """Return the fold of one share; its first line says the evidence in words."""
    said = _evidence(event, own=own)
    why = h("a", "Why it is listed, and where it came from", href=_address(frame, event))
    pairs = [*facts(frame, event, role), ("Reasons", why)]
    return h(
        "details",
        h("summary", h("span", words.capital("; ".join(said)) or "Details", class_="evidence")),
        h("dl", [h("div", h("dt", name), h("dd", fact)) for name, fact in pairs if fact]),
    )


def _address(frame: Frame, event: Event) -> str:
    return frame.link(f"shares/{quote(str(event['event_id']), safe='')}")


def facts(frame: Frame, event: Event, role: str) -> list[tuple[str, Child]]:
    """Return what is known of a share beside its table row; None where there is nothing."""
    outcome = words.OUTCOMES.get(str(event.get("outcome")), "No answer is recorded.")
    stack = stack_lines(event)
    return [
        ("What happened", f"{words.capital(words.event_type(event['event_type']))}. {outcome}"),
        ("Their role", f"{words.capital(words.role(role))}. {words.ROLE_MEANINGS.get(role, '')}"),
        ("Where in the message", _codes(event.get("paths"))),
        ("Tags", _codes(event.get("tag_ids"))),
        ("Page of the site", h("code", event["route"]) if event.get("route") else None),
        ("Service", event.get("service") or None),
        ("Share", h("code", event["event_id"])),
        ("Trace", _trace(frame, event["trace_id"]) if event.get("trace_id") else None),
        ("Called from", h("pre", "\n".join(reversed(stack))) if stack else None),
    ]


def _trace(frame: Frame, trace_id: str) -> Markup:
    address = frame.trace(trace_id)
    shown = h("code", trace_id)
    return shown if address is None else h("a", shown, href=address)


def _codes(items: Iterable[str] | None) -> Child:
    unique = list(dict.fromkeys(items or ()))
    return (
        h("ul", [h("li", h("code", item)) for item in unique], class_="codes") if unique else None
    )


def _evidence(event: Event, *, own: bool) -> list[str]:
    """Say each kind of evidence once, with the data types that it stands for.

    ``evidence`` has one entry for each tag, ``data_types`` names each type once: they can be paired
    where no type stands for several tags. Computed values need no pairing.
    """
    kinds = list(event.get("evidence") or ())
    found = [kind for kind in kinds if kind != semconv.DERIVED]
    types = [name for name in event["data_types"] if name != "derived"]
    said: dict[str, list[str]] = {}
    for index, kind in enumerate(found):
        named = said.setdefault(kind, [])
        if len(types) == len(found):
            named.append(types[index])
    if len(said) == 1:
        said = dict.fromkeys(said, types)
    if semconv.DERIVED in kinds:
        said[semconv.DERIVED] = []
    return [words.evidence(kind, named, own=own) for kind, named in said.items()]


def _paging(frame: Frame, raw: Mapping[str, str], next_cursor: str | None) -> Child:
    rest = {name: text for name, text in raw.items() if name != "cursor"}
    newest = h("a", "← Newest", href=frame.link("audit-logs", urlencode(rest)))
    older = None
    if next_cursor is not None:
        query = urlencode({**rest, "cursor": next_cursor})
        older = h("a", "Older →", href=frame.link("audit-logs", query), rel="next")
    if older is None and "cursor" not in raw:
        return None
    return h(
        "nav",
        newest if "cursor" in raw else None,
        older,
        aria_label="Further shares",
        class_="paging",
    )


def _empty(frame: Frame, *, filtered: bool, staff: bool) -> Markup:
    if filtered:
        text: Child = [
            "No share fits this filter. Choose a longer time or fewer conditions, or ",
            h("a", "see every share", href=frame.link("audit-logs")),
            ".",
        ]
    elif staff:
        text = [
            "Nothing is recorded yet. Use the application once as a signed-in person; the share "
            "appears here within a second. If it does not, run ",
            h("code", "sst-otel doctor"),
            " where the application runs.",
        ]
    else:
        text = (
            "Nobody has received your data since recording began. When somebody does, "
            "it is listed here with what they got, when and why."
        )
    return h("section", h("h2", "Nothing here"), h("p", text), class_="panel empty")
