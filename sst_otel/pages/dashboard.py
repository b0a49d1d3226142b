"""The overview: one sentence, a card for each recipient, kinds of data, people for staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from sst_otel.pages import words
from sst_otel.pages.html import Child, Markup, h
from sst_otel.pages.layout import Frame, chips, document, moment_of

Recipient = Mapping[str, Any]
PEOPLE_FROM = 1000
"""People are counted in so many of the newest shares."""


def page(frame: Frame, summary: Mapping[str, Any], newest: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the page. ``summary`` as the reader gives it; ``newest`` shares for the people."""
    recipients = sorted(summary["recipients"], key=lambda one: -float(one["last"]))
    others = [one for one in recipients if one.get("role") != "first_party"]
    own = [one for one in recipients if one.get("role") == "first_party"]
    staff = frame.viewer is not None and frame.viewer.staff
    if not recipients:
        return document(frame, "Overview", *_nothing_yet(staff=staff), current="dashboard")
    return document(
        frame,
        "Overview",
        h("h1", _sentence(others, own, staff=staff)),
        _figures(recipients, others),
        _cards(frame, "Who received it", "received", others) if others else None,
        _cards(frame, "Kept by this service itself", "kept", own) if own else None,
        _matrix(frame, recipients, staff=staff),
        _people(frame, newest) if staff else None,
        current="dashboard",
    )


def _kinds(recipients: Sequence[Recipient]) -> list[str]:
    return sorted({name for one in recipients for name in one["data_types"]}, key=words.data_type)


def _sentence(others: Sequence[Recipient], own: Sequence[Recipient], *, staff: bool) -> Child:
    whose = "people's data" if staff else "your data"
    if not others:
        kinds = words.counted(len(_kinds(own)), "kind")
        return f"No other company received {whose}. This service itself keeps {kinds} of it."
    named = [one for one in others if words.identified(one["recipient"])]
    who = [words.counted(len(named), "company", "companies")] if named else []
    if len(named) < len(others):
        who.append("recipients not identified" if not named else "others not identified")
    kinds = words.counted(len(_kinds(others)), "kind")
    last = max(float(one["last"]) for one in others)
    return [
        h("strong", words.listed(who)),
        " received ",
        h("strong", kinds),
        f" of {whose}, last on ",
        moment_of(words.day(last), words.iso(last)),
        ".",
    ]


def _figures(recipients: Sequence[Recipient], others: Sequence[Recipient]) -> Markup:
    countries = {one.get("country") for one in others} - {None, "", "unknown"}
    independent = sum(one.get("role") == "third_party" for one in others)
    first = min(float(one["first"]) for one in recipients)
    figures = [
        (f"{sum(one['count'] for one in recipients):,}", "shares recorded"),
        (f"{independent:,}", "independent " + ("company" if independent == 1 else "companies")),
        (f"{len(countries):,}", "country" if len(countries) == 1 else "countries"),
        (words.short_day(first), "recorded since"),
    ]
    return h(
        "dl", [h("div", h("dt", text), h("dd", value)) for value, text in figures], class_="figures"
    )


def _cards(frame: Frame, title: str, name: str, recipients: Sequence[Recipient]) -> Markup:
    return h(
        "section",
        h("h2", title, id=name),
        h("ul", [_card(frame, one) for one in recipients], class_="cards"),
        aria_labelledby=name,
    )


def _card(frame: Frame, one: Recipient) -> Markup:
    name = words.recipient(one["recipient"])
    role = one.get("role") or "unknown"
    known = role if role in words.ROLES else "unknown"
    log = frame.link("audit-logs", urlencode({"recipient": one["recipient"] or "unknown"}))
    count = words.counted(int(one["count"]), "share")
    first, last = float(one["first"]), float(one["last"])
    return h(
        "li",
        h(
            "div",
            h("span", name[:1] if known != "unknown" else "?", class_="letter", aria_hidden="true"),
            h(
                "div",
                h("h3", name),
                h("p", words.capital(words.about(role, one.get("purpose"), one.get("country")))),
            ),
            class_="who",
        ),
        h(
            "p",
            h("span", words.capital(words.role(role)), class_="role"),
            h("span", words.ROLE_MEANINGS[known], class_="hint"),
        ),
        chips([words.data_type(kind) for kind in sorted(one["data_types"])]),
        h(
            "p",
            moment_of(words.moment(first), words.iso(first)),
            [" to ", moment_of(words.moment(last), words.iso(last))] if last > first else None,
            class_="when",
        ),
        h(
            "p",
            h(
                "a",
                count,
                h("span", f" with {name}", class_="unseen"),
                h("span", " →", aria_hidden="true"),
                href=log,
            ),
        ),
        class_=f"card {known}",
    )


def _matrix(frame: Frame, recipients: Sequence[Recipient], *, staff: bool) -> Markup:
    whose = "people's" if staff else "your"
    rows = []
    for kind in _kinds(recipients):
        cells = []
        for one in recipients:
            if kind not in one["data_types"]:
                cells.append(h("td", h("span", "no", class_="unseen")))
                continue
            query = urlencode({"recipient": one["recipient"] or "unknown", "data_type": kind})
            said = f"{words.data_type(kind)}, {words.recipient(one['recipient'])}: show"
            dot = h("span", class_="dot", aria_hidden="true")
            link = h("a", dot, href=frame.link("audit-logs", query), aria_label=said)
            cells.append(h("td", link, class_="yes"))
        rows.append(h("tr", h("th", words.capital(words.data_type(kind)), scope="row"), cells))
    head = [h("th", words.recipient(one["recipient"]), scope="col") for one in recipients]
    table = h(
        "table",
        h(
            "caption",
            h(
                "span",
                f"Which kinds of {whose} data each recipient got. A dot leads to the shares.",
            ),
        ),
        h("thead", h("tr", h("th", "Kind of data", scope="col"), head)),
        h("tbody", rows),
        class_="matrix",
    )
    return h(
        "section",
        h("h2", "Which data went where", id="kinds"),
        h("div", table, class_="wide", tabindex="0", role="region", aria_labelledby="kinds"),
        aria_labelledby="kinds",
    )


def _people(frame: Frame, newest: Sequence[Mapping[str, Any]]) -> Markup:
    people: dict[tuple[str, str], dict[str, Any]] = {}
    for event in newest:
        person = people.setdefault(
            (str(event["owner_id"] or ""), words.whose(event)),
            {"shares": 0, "last": float(event["timestamp"]), "to": set(), "kinds": set()},
        )
        person["shares"] += 1
        person["to"].add(words.recipient(event.get("recipient")))
        person["kinds"].update(event["data_types"])
    rows = [
        h(
            "tr",
            h(
                "th",
                h("a", owner, href=frame.link("audit-logs", urlencode({"owner_id": owner})))
                if owner
                else whose,
                scope="row",
            ),
            h("td", f"{person['shares']:,}", class_="number"),
            h("td", f"{len(person['kinds']):,}", class_="number"),
            h("td", words.listed(sorted(person["to"])), class_="names"),
            h("td", moment_of(words.moment(person["last"]), words.iso(person["last"]))),
        )
        for (owner, whose), person in people.items()
    ]
    heads = [
        ("Person", ""),
        ("Shares", "number"),
        ("Kinds", "number"),
        ("Recipients", ""),
        ("Last", ""),
    ]
    table = h(
        "table",
        h(
            "caption",
            h("span", f"People in the newest {words.counted(len(newest), 'share')}, latest first."),
        ),
        h("thead", h("tr", [h("th", text, scope="col", class_=of or None) for text, of in heads])),
        h("tbody", rows),
    )
    return h(
        "section",
        h("h2", "People", id="people"),
        h("div", table, class_="wide", tabindex="0", role="region", aria_labelledby="people"),
        aria_labelledby="people",
    )


def _nothing_yet(*, staff: bool) -> list[Child]:
    if not staff:
        return [
            h("h1", "No share of your data is recorded"),
            h(
                "p",
                "Nobody has received your data since recording began. When somebody does, "
                "this page says who, what and when.",
            ),
        ]
    return [
        h("h1", "No share is recorded yet"),
        h(
            "p",
            "Use the application once as a signed-in person; a call that carries personal data "
            "appears here within a second. If nothing appears, run ",
            h("code", "sst-otel doctor"),
            " where the application runs: it says what is covered.",
        ),
    ]
