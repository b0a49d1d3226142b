"""Elements that are called something by the element beside them."""

from __future__ import annotations

import xmlrpc.client

from sst_otel.matching.xml import xml_fields
from sst_otel.shares import Part

from .conftest import ANN, World


def test_members_of_a_struct(world: World) -> None:
    """XML-RPC: ``<member><name>FNAME</name><value><string>…``, the mail in another parameter."""
    fields = {"FNAME": str(ANN["first_name"]), "town": str(ANN["city"]), "stars": "5"}
    body = xmlrpc.client.dumps(("list-7", str(ANN["email"]), fields), "subscribe")
    assert set(world.found(Part("body", body))["ann"]) == {"email", "first_name", "city"}


def test_the_innermost_name_counts() -> None:
    fields = xml_fields(
        "<e><key>a</key><value><m><name>b</name><value>1</value><x>2</x></m></value>"
        "<value>3</value></e>"
    )
    assert fields is not None
    told = {field.text: field.told for field in fields if field.text.isdigit()}
    assert told == {"1": "b", "2": "", "3": "a"}


def test_a_persons_name_names_nothing() -> None:
    fields = xml_fields("<p><name>Ann</name><street>12 Main Street</street></p>")
    assert fields is not None
    assert [field.told for field in fields] == ["", ""]
