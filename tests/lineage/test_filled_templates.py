"""A text that a library puts together from a template is known by what it shows."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import requests

import sst_otel
from sst_otel.lineage.hooks import templates
from tests.support import Tracking, Vendor


class Strict(string.Formatter):
    """As langchain's: keywords alone, and the rest is the standard library's."""

    def vformat(self, format_string: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
        assert not args
        return super().vformat(format_string, args, kwargs)


FILLED = {
    "formatter": lambda income: Strict().format("Advise who earns {income}.", income=income),
    "its own form": lambda income: Strict().format("Advise on {income:,.2f} a year", income=income),
    "by position": lambda income: string.Formatter().format("Advise on {} a year", income),
    "template": lambda income: string.Template("Earns $income.").substitute(income=income),
    "mapping": lambda income: string.Template("Earns $income.").safe_substitute({"income": income}),
}


@pytest.mark.parametrize("how", FILLED)
def test_an_income_in_a_prompt(how: str, tracking: Tracking, vendor: Vendor) -> None:
    with sst_otel.scope(7):
        income = float("48213.0")
        sst_otel.tag(income, "income")
        requests.post(vendor.url, json={"prompt": FILLED[how](float("48213.0"))}, timeout=20)
        requests.post(vendor.url, json={"prompt": FILLED[how](income)}, timeout=20)
    (row,) = tracking.rows()
    assert (row["data_types"], row["evidence"]) == (["income"], ["composed"])


def test_what_the_text_does_not_show_is_not_told(tracking: Tracking, vendor: Vendor) -> None:
    with sst_otel.scope(7):
        income = float("48213.0")
        sst_otel.tag(income, "income")
        for template in ("Advise {name}.", "Advise {name}, {income:.0e}."):
            prompt = Strict().format(template, name="them", income=income)
            requests.post(vendor.url, json={"prompt": prompt}, timeout=20)
    assert tracking.rows() == []


def test_errors_and_texts_are_as_ever(tracking: Tracking) -> None:
    with sst_otel.scope(7):
        name = "".join(["Quill", "feather"])
        sst_otel.tag(name, "last_name")
        assert Strict().format("{name}!", name=name) == "Quillfeather!"
        with pytest.raises(KeyError, match="town"):
            Strict().format("{name} of {town}", name=name)
        with pytest.raises(KeyError, match="town"):
            string.Template("$town").substitute(name=name)
        assert string.Template("$town").safe_substitute(name=name) == "$town"
    sst_otel.stop_tracking()
    assert all(vars(kind)[name] is known for kind, name, known, _ in templates.HOOKED)
