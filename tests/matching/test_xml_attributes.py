"""Elements whose attributes say whose their text is."""

from __future__ import annotations

from sst_otel.matching.xml import xml_fields
from sst_otel.shares import Part

from .conftest import ANN, BEA, World


def test_a_text_beside_the_mail_in_an_attribute(world: World) -> None:
    rows = "".join(f'<s email="{who["email"]}">{who["city"]}</s>' for who in (ANN, BEA))
    found = world.found(Part("body", f"<list>{rows}</list>"))
    assert {name: set(types) for name, types in found.items()} == {
        "ann": {"email", "city"},
        "bea": {"email", "city"},
    }


def test_a_text_beside_the_mail_of_one_of_two(world: World) -> None:
    text = f'<list><s email="{ANN["email"]}">Boston</s><s email="x@y.example">Boston</s></list>'
    found = world.found(Part("body", text))
    assert {name: set(types) for name, types in found.items()} == {"ann": {"email", "city"}}


def test_a_kind_leaves_the_text_with_its_neighbours() -> None:
    fields = xml_fields('<p><mail type="work">a@b.example</mail><town id="2">Ulm</town></p>')
    assert fields is not None
    assert [(field.path[-1], field.objects) for field in fields] == [
        ("@type", (1, 2)),
        ("mail", (1,)),
        ("@id", (1, 3)),
        ("town", (1,)),
    ]
