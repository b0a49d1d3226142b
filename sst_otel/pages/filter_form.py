"""The filter form of the page of every share; a plain GET form whose address can be kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from sst_otel.pages import words
from sst_otel.pages.html import Markup, h
from sst_otel.pages.layout import Frame
from sst_otel.pages.parameters import ParameterError, partly


def filter_form(
    frame: Frame,
    summary: Mapping[str, Any],
    raw: Mapping[str, str],
    problem: ParameterError | None,
    *,
    staff: bool,
) -> Markup:
    """Return the form with what was chosen; ``problem`` is said beside its field."""
    recipients = sorted({str(one["recipient"]) for one in summary["recipients"]})
    kinds = sorted({name for one in summary["recipients"] for name in one["data_types"]})
    fields = [
        _select("recipient", "Recipient", raw, [(one, words.recipient(one)) for one in recipients]),
        _select("data_type", "Kind of data", raw, [(one, words.data_type(one)) for one in kinds]),
        _select("event_type", "What happened", raw, list(words.EVENT_TYPES.items())),
        _field("destination", "Destination", raw, problem, hint="part of it, such as openai"),
        _field("owner_id", "Person", raw, problem, hint="the application's own id")
        if staff
        else None,
        _field("trace_id", "Trace", raw, problem) if "trace_id" in raw else None,
        _field("since", "From", raw, problem, kind=_date_kind(raw.get("since"))),
        _field("until", "To", raw, problem, kind=_date_kind(raw.get("until"))),
    ]
    as_json = {**raw, "destination": partly(raw["destination"])} if "destination" in raw else raw
    unnamed = problem is not None and problem.name not in ("since", "until", "destination")
    return h(
        "form",
        h("h2", "Filter", id="filter"),
        h("p", f"This filter cannot be used. {problem}.", class_="error", role="alert")
        if unnamed
        else None,
        h("div", fields, class_="fields"),
        h(
            "div",
            h("button", "Show", type="submit"),
            h("a", "Clear", href=frame.link("audit-logs"), class_="quiet") if raw else None,
            h(
                "a",
                "Same as JSON",
                href=frame.link("api/audit-logs", urlencode(as_json)),
                class_="quiet",
            ),
            class_="actions",
        ),
        method="get",
        action=frame.link("audit-logs"),
        aria_labelledby="filter",
        class_="panel filter",
    )


def _date_kind(text: str | None) -> str:
    """Keep a moment finer than a day as text: a date field would show it as empty."""
    return "date" if text is None or (len(text) == 10 and text.count("-") == 2) else "text"


def _select(
    name: str, label: str, raw: Mapping[str, str], options: Iterable[tuple[str, str]]
) -> Markup:
    chosen = raw.get(name)
    known = dict(options)
    if chosen and chosen not in known:
        known[chosen] = chosen
    choices = [
        h("option", said[:1].upper() + said[1:], value=value, selected=value == chosen)
        for value, said in known.items()
    ]
    return h(
        "div",
        h("label", label, for_=name),
        h("select", h("option", "Any", value=""), choices, id=name, name=name),
    )


def _field(
    name: str,
    label: str,
    raw: Mapping[str, str],
    problem: ParameterError | None,
    *,
    kind: str = "text",
    hint: str | None = None,
) -> Markup:
    wrong = problem is not None and problem.name == name
    return h(
        "div",
        h("label", label, for_=name),
        h(
            "input",
            id=name,
            name=name,
            type="text" if wrong else kind,
            value=raw.get(name),
            placeholder=hint,
            autocomplete="off",
            aria_invalid=wrong and "true",
            aria_describedby=f"{name}-wrong" if wrong else None,
        ),
        h(
            "p",
            f"{problem.problem[:1].upper()}{problem.problem[1:]}.",
            id=f"{name}-wrong",
            class_="error",
            role="alert",
        )
        if wrong and problem is not None
        else None,
    )
