"""Escapes of long texts: as the standard library undoes them, in little room."""

from __future__ import annotations

import tracemalloc
from urllib.parse import parse_qsl, unquote, unquote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sst_otel.matching import escapes
from sst_otel.matching.escapes import form_pairs, unescaped
from sst_otel.shares import Part

from .conftest import World

TEXTS = st.text("aä漢%+4c1E&= ", max_size=60)


@pytest.fixture
def short_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(escapes, "AT_ONCE", 7)


@pytest.mark.usefixtures("short_pieces")
class TestPieces:
    """Where a text is cut makes no difference."""

    @settings(max_examples=200, deadline=None)
    @given(TEXTS)
    def test_any_text(self, text: str) -> None:
        assert unescaped(text) == unquote(text)
        assert unescaped(text, plus=True) == unquote_plus(text)

    @settings(max_examples=100, deadline=None)
    @given(st.lists(st.tuples(TEXTS, TEXTS), max_size=4))
    def test_any_form(self, pairs: list[tuple[str, str]]) -> None:
        form = urlencode(pairs)
        assert form_pairs(form) == parse_qsl(form)
        assert form_pairs(f"&{form}&x") == parse_qsl(f"&{form}&x")


def test_nothing_but_escapes(world: World) -> None:
    text = "a=" + "%25" * 200_000 + "&mail=ann.smith%40example.com"
    tracemalloc.start()
    try:
        assert len(unescaped(text)) == 200_000 + len("a=&mail=ann.smith@example.com")
        assert tracemalloc.get_traced_memory()[1] < 8_000_000  # the standard library: 45
    finally:
        tracemalloc.stop()
    assert "ann" in world.found(Part("body", text.encode()))
