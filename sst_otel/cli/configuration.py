"""What ``sst-otel doctor`` says of settings: what is in effect, where from, and what disagrees."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from sst_otel.cli.checks import NOTE, OK, PROBLEM, Finding
from sst_otel.cli.paragraphs import indented
from sst_otel.cli.pipeline import ignored
from sst_otel.declarative import CONFIG_FILE
from sst_otel.settings import (
    ADDRESS,
    ENVIRONMENT,
    OPTIONS,
    OUR_FILE,
    Layer,
    Settings,
    plain,
    unknown_variables,
    variable,
)

AREA = "settings"


def configuration(places: Sequence[Layer]) -> Iterator[Finding]:
    """Say which files are read, whether they and the environment agree, and what is no setting."""
    found = [layer for layer in places if layer.given]
    if os.environ.get(CONFIG_FILE):
        yield from _otel_file(found)
    if os.environ.get(OUR_FILE):
        yield Finding(AREA, OUR_FILE, OK, _sets(os.environ[OUR_FILE], found))
    disagreeing = list(_disagreeing(found))
    yield from disagreeing
    if not disagreeing and len(found) > 1:
        yield Finding(AREA, "places", OK, "environment and files agree")
    for name, nearest in unknown_variables(os.environ):
        if nearest is None:
            text = "is no setting of ours and changes nothing"
            yield Finding(AREA, name, NOTE, text)
        else:
            text = f"is not a setting and changes nothing: did you mean {nearest}?"
            yield Finding(AREA, name, PROBLEM, text)


def shown(settings: Settings) -> dict[str, Any]:
    """Return the settings in effect, secrets only as set or not set."""
    from sqlalchemy.engine import make_url

    values: dict[str, Any] = {}
    for name, option in OPTIONS.items():
        value = getattr(settings, name)
        if option.secret:
            value = "set" if value is not None else "not set"
        elif name == ADDRESS:
            url = make_url(value)
            masked = {key: "***" for key in url.query if "pass" in key.lower()}
            url = url.update_query_dict(masked)
            value = url.render_as_string(hide_password=True)
        else:
            value = plain(value)
        values[name] = value
    return values


def origins(places: Sequence[Layer]) -> dict[str, str]:
    """Return where each setting comes from that is set anywhere: the strongest place."""
    found: dict[str, str] = {}
    for layer in places:
        for name in layer.given:
            found.setdefault(name, layer.where)
    return found


def listing(settings: Settings, places: Sequence[Layer]) -> Iterator[str]:
    """Yield the lines of the settings in effect for people."""
    where = origins(places)
    yield "Settings in effect (those with no place are defaults)"
    for name, value in shown(settings).items():
        place = f" ({where[name]})" if name in where else ""
        yield from indented(f"{variable(name)} = {text_of(value)}{place}", "  ", "    ")


def text_of(value: Any) -> str:
    """Return a setting's value for people."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return str(value) if value not in ("", {}) else "none"


def _otel_file(found: list[Layer]) -> Iterator[Finding]:
    path = os.environ[CONFIG_FILE]
    if find_spec("opentelemetry.configuration") is None:
        text = (
            f"{path} cannot be read, so OpenTelemetry does not start, and tracking neither: "
            "pip install opentelemetry-configuration"
        )
        yield Finding(AREA, CONFIG_FILE, PROBLEM, text)
        return
    yield Finding(AREA, CONFIG_FILE, OK, _sets(path, found))
    names = ignored(os.environ)
    if names:
        text = f"{', '.join(names)}: set, but not read beside this file; say it there"
        yield Finding(AREA, CONFIG_FILE, NOTE, text)


def _sets(path: str, found: list[Layer]) -> str:
    given: Mapping[str, Any] = next((one.given for one in found if one.where == path), {})
    return f"{path}: valid, sets {', '.join(sorted(given)) or 'nothing of ours'}"


def _disagreeing(found: list[Layer]) -> Iterator[Finding]:
    """Yield what a weaker place says otherwise; values are shown where they are no secrets."""
    for index, weaker in enumerate(found):
        for name in sorted(weaker.given):
            over = next((one for one in found[:index] if name in one.given), None)
            if over is None or _same(name, over, weaker):
                continue
            if OPTIONS[name].secret or name == ADDRESS:
                there, here = "another value", "it"
            else:
                there = text_of(plain(weaker.given[name]))
                here = text_of(plain(OPTIONS[name].read(over.given[name])))
            place = "the environment" if over.where == ENVIRONMENT else over.where
            text = f"{here} ({place}) counts, not {there} ({weaker.where}): take one of them away"
            yield Finding(AREA, variable(name), NOTE, text)


def _same(name: str, one: Layer, other: Layer) -> bool:
    read = OPTIONS[name].read
    try:
        return bool(read(one.given[name]) == read(other.given[name]))
    except (TypeError, ValueError):  # the one that does not count may be anything
        return False
