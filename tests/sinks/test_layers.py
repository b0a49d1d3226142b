"""What a layer remembers to have been reported: once is enough, and not for ever."""

from __future__ import annotations

import pytest

from sst_otel.sinks import layers
from sst_otel.sinks.layers import Layer


class TestWhatWasReported:
    def test_is_no_news_again(self) -> None:
        layer = Layer()
        assert layer.is_news("ann", "a.example", {"tag_1"})
        assert not layer.is_news("ann", "a.example", {"tag_1"})
        assert layer.is_news("ann", "a.example", {"tag_1", "tag_2"})
        assert layer.is_news("ann", "b.example", {"tag_1"})
        assert layer.is_news("bob", "a.example", {"tag_1"})
        assert layer.again == {"ann": 1}

    def test_of_nothing_is_none(self) -> None:
        layer = Layer()
        assert not layer.is_news("ann", "a.example", set())
        assert (layer.reported, layer.again) == ({}, {})

    def test_is_shared_with_layers_of_other_objects(self) -> None:
        layer = Layer()
        assert layer.with_parts(()).is_news("ann", "a.example", {"tag_1"})
        assert not layer.with_parts(()).is_news("ann", "a.example", {"tag_1"})

    def test_is_forgotten_where_it_is_too_much(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(layers, "MAX_PEOPLE", 3)
        layer = Layer()
        for number in range(10):
            assert layer.is_news(f"person {number}", "a.example", {f"tag_{number}"})
            assert not layer.is_news(f"person {number}", "a.example", {f"tag_{number}"})
            assert len(layer.reported) <= 3
            assert len(layer.again) <= 3
