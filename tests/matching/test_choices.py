"""Lists of offices and choices: a member is no person's because one word of it is."""

from __future__ import annotations

from sst_otel import semconv
from sst_otel.matching import rules
from sst_otel.matching.choices import not_of_a_list
from sst_otel.matching.hits import Hit
from sst_otel.matching.leaf import Leaf
from sst_otel.matching.payload import Leaves
from sst_otel.registry.datum import Datum
from sst_otel.shares import Part
from sst_otel.tags import Owner

ADA = Owner("ada", "1")
CITY = Datum(ADA, "city", "Reading", "form_field:city")
ZIP = Datum(ADA, "postal_code", "RG1 1AA", "form_field:zip")
MAIL = Datum(ADA, "email", "ada@example.com", "form_field:email")
GENDER = Datum(ADA, "gender", "female", "form_field:gender")


def _leaves(tree: object) -> list[Leaf]:
    leaves = Leaves()
    leaves.add_part(Part("json", tree))
    return leaves.leaves


def _hits(leaves: list[Leaf]) -> list[Hit]:
    by_text = {"Reading": CITY, "RG1 1AA": ZIP, "female": GENDER}
    return [
        Hit(by_text[leaf.text], semconv.FIELD, rules.KEY, leaf)
        for leaf in leaves
        if leaf.text in by_text
    ]


def _kept(tree: object) -> list[str]:
    leaves = _leaves(tree)
    return [hit.datum.data_type for hit in not_of_a_list(_hits(leaves), [], leaves)]


def test_one_office_of_several_is_nobodys() -> None:
    assert _kept({"offices": [{"city": "Reading"}, {"city": "Bath"}, {"city": "York"}]}) == []


def test_one_choice_of_several_is_nobodys() -> None:
    assert _kept({"gender": ["female", "male", "other"]}) == []


def test_a_field_of_its_own_counts() -> None:
    assert _kept({"city": "Reading", "tags": ["a", "b"]}) == ["city"]


def test_a_row_with_two_data_of_a_person_counts_among_rows_of_others() -> None:
    rows = [{"city": "Bath", "gender": "male"}, {"city": "Reading", "gender": "female"}]
    assert _kept({"people": rows}) == ["city", "gender"]


def test_a_list_that_is_mostly_the_persons_counts() -> None:
    assert _kept({"visits": [{"sex": "female"}, {"sex": "female"}, {"sex": "male"}]}) == [
        "gender",
        "gender",
    ]


def test_towns_of_a_list_are_the_tables_however_often_the_visitors_is_there() -> None:
    offices = [{"label": "a", "city": "Reading"}, {"label": "b", "city": "Reading"}]
    assert _kept({"offices": offices}) == []
    depots = [{"zip": "RG1 1AA", "city": "Reading"}, {"zip": "10115", "city": "Berlin"}]
    assert _kept({"depots": depots}) == []


def test_a_town_that_is_counted_is_a_groups() -> None:
    assert _kept({"origins": [{"city": "Reading", "n": 2, "share": 1.0}]}) == []
    assert _kept({"homes": [{"city": "Reading", "since": "spring"}]}) == ["city"]
    assert _kept({"homes": [{"city": "Reading"}]}) == ["city"]
    assert _kept({"homes": [{"city": "Reading", "zip": "RG1 1AA"}]}) == ["city", "postal_code"]


def test_towns_of_a_list_are_the_persons_where_that_person_is_certain_around_it() -> None:
    tree = {"mail": "ada@example.com", "homes": [{"city": "Reading"}, {"city": "Reading"}]}
    leaves = _leaves(tree)
    certain = Hit(MAIL, semconv.EXACT, rules.IDENTITY, leaves[0])
    kept = not_of_a_list(_hits(leaves), [certain], leaves)
    assert [hit.datum.data_type for hit in kept] == ["city", "city"]


def test_a_member_that_names_its_field_is_compared_with_those_of_that_field() -> None:
    fields = [{"name": "gender", "value": "female"}, {"name": "plan", "value": "gold"}]
    assert _kept({"fields": fields}) == ["gender"]


PAY = Datum(ADA, "income", 73450, "db:users.income")
BORN = Datum(ADA, "birthday", "1987-11-23", "db:users.birthday")


def _together(tree: object) -> list[str]:
    leaves = _leaves(tree)
    by_text = {"73450": PAY, "1987-11-23": BORN}
    hits = [
        Hit(by_text[leaf.text], semconv.EXACT, rules.TOGETHER, leaf)
        for leaf in leaves
        if leaf.text in by_text
    ]
    return [hit.datum.data_type for hit in not_of_a_list(hits, [], leaves)]


def test_one_public_row_that_has_two_values_of_a_person_is_nobodys() -> None:
    row = {"price": 73450, "released": "1987-11-23"}
    assert _together([row, {"price": 91820, "released": "2001-05-03"}]) == []
    assert _together({"items": [row]}) == ["income", "birthday"]
    assert _together([row, row]) == ["income", "birthday"] * 2


def test_values_of_different_rows_do_not_stand_together() -> None:
    rows = _leaves([[73450, "a"], [1, "1987-11-23"]])
    assert len({leaf.group[-1] for leaf in rows}) == 2
