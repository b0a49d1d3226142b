"""Classes whose own class is odd: their objects go through rewritten code as through plain code."""

from __future__ import annotations

from typing import Any

import pytest

from sst_otel import guard
from tests.lineage.support import run, scope, source_value

SOURCE = """
class Unhashable(type):
    def __eq__(cls, other):
        raise RuntimeError("asked")

class Money(metaclass=Unhashable):
    def __str__(self):
        return "7"
    def __add__(self, other):
        return 8
    def __iter__(self):
        return iter("ab")

def view(money, mail):
    text = "x"
    text += mail
    return (
        f"{money}", f"{money!s:>3}", "%s" % money, money + 1, str(money), "{}".format(money),
        ",".join(money), [money][0] is money, list(map(str, [money])), f"{money} {mail}",
        {"m": money}["m"] is money, text,
    )
"""


@pytest.mark.parametrize("plain", [True, False])
def test_a_class_that_cannot_be_hashed_or_compared(plain: bool) -> None:
    mail = "".join(("ada", "@", "example.org"))
    with scope() as opened:
        source_value(mail, "email", opened)
        module: dict[str, Any] = run(SOURCE, plain=plain)
        seen = module["view"](module["Money"](), mail)
    assert seen == (
        *("7", "  7", "7", 8, "7", "7", "a,b", True, ["7"], "7 ada@example.org"),
        *(True, "xada@example.org"),
    )
    assert not guard.error_counts().get("sink")
