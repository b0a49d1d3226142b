"""The line of one datum by the API, and the page of one share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sst_otel.audit import AuditLog
from sst_otel.settings import Settings
from sst_otel.shares import Finding
from sst_otel.tags import Tag
from tests.pages.client import STAFF, Client
from tests.pages.sample import ADA, GRACE, KEYS, START, Sample, store
from tests.pages.test_pages import Text

INCOME = Sample().tag(ADA, "income", f"{ADA} income")
SCORE = Tag(
    Sample().minter.tag_id(INCOME.owner_ref, "derived", "score"),
    INCOME.owner_ref,
    "derived",
    "",
    (INCOME.tag_id,),
    ("mul", "round"),
)


@pytest.fixture
def event_id(audit_settings: Settings) -> str:
    """Store a share of a score that was computed from the income of the sample."""
    event = Sample(made=70).events()[-1]
    why = [{"rule": "computed"}, {"rule": "key", "bits": 14.0, "key": "ct"}]
    city = Finding(Sample().tag(ADA, "city", f"{ADA} city"), "field", "body.ct")
    event = replace(
        event, findings=(Finding(SCORE, "derived", "body.input"), city), metadata={"why": why}
    )
    audit = AuditLog(audit_settings, KEYS)
    audit.tag(SCORE, event.owner_sealed, START)
    audit.close()
    store(audit_settings, [event])
    return event.event_id


def line(tag: Tag, way: str) -> str:
    return f"/api/provenance/{tag.tag_id}/{way}"


@pytest.mark.usefixtures("event_id")
class TestLines:
    def test_go_back_to_the_source(self, client: Client) -> None:
        reply = client(line(SCORE, "ancestors"), person=ADA)
        assert reply.status == 200
        assert reply.json["tag"]["tag_id"] == SCORE.tag_id
        (income,) = reply.json["ancestors"]
        assert (income["tag_id"], income["depth"]) == (INCOME.tag_id, 1)
        assert income["sources"] == ["form_field:income"]
        assert reply.json["truncated"] is False

    def test_go_on_to_every_share(self, client: Client, event_id: str) -> None:
        reply = client(line(INCOME, "descendants"), **STAFF)
        assert [one["tag_id"] for one in reply.json["descendants"]] == [SCORE.tag_id]
        newest, older = reply.json["shares"]
        assert (newest["event_id"], newest["tag_ids"]) == (event_id, [SCORE.tag_id])
        assert older["tag_ids"] == [INCOME.tag_id]
        assert {newest["recipient"], older["recipient"]} == {"Groq"}

        page = client(line(INCOME, "descendants"), "limit=1", **STAFF).json
        assert [one["event_id"] for one in page["shares"]] == [event_id]
        query = f"limit=1&cursor={page['next_cursor']}"
        rest = client(line(INCOME, "descendants"), query, **STAFF).json
        assert rest["shares"] == [older]
        assert rest["next_cursor"] is None

    @pytest.mark.parametrize("way", ["ancestors", "descendants"])
    def test_only_ones_own_are_there(self, client: Client, way: str) -> None:
        for tag, person in ((INCOME, GRACE), (Tag("tag_none", "", "email", ""), ADA)):
            reply = client(line(tag, way), person=person)
            assert (reply.status, reply.json["error"]) == (404, "not_found")
        assert client(line(INCOME, way), person=ADA).status == 200
        assert client(line(INCOME, way)).status == 401

    @pytest.mark.parametrize(
        ("way", "query", "parameter"),
        [
            ("descendants", "cursor=nonsense", "cursor"),
            ("descendants", "limit=0", "limit"),
            ("descendants", f"owner_id={ADA}", "owner_id"),
            ("ancestors", "limit=1", "limit"),
        ],
    )
    def test_a_wrong_parameter_is_named(
        self, client: Client, way: str, query: str, parameter: str
    ) -> None:
        reply = client(line(INCOME, way), query, **STAFF)
        assert (reply.status, reply.json["parameter"]) == (400, parameter)

    @pytest.mark.parametrize(
        "path",
        [
            "/api/provenance/",
            f"/api/provenance/{INCOME.tag_id}",
            f"/api/provenance/{INCOME.tag_id}/parents",
            f"/api/provenance/{INCOME.tag_id}/ancestors/",
            "/api/provenance/../ancestors",
            "/api/provenance/" + "x" * 65 + "/ancestors",
            "/api/audit-logs/x",
            "/api",
        ],
    )
    def test_there_is_nothing_else(self, client: Client, path: str) -> None:
        assert client(path, **STAFF).status == 404

    def test_other_methods_are_refused(self, client: Client) -> None:
        assert client(line(INCOME, "ancestors"), method="POST", **STAFF).status == 405


class TestShare:
    """The page of one share says why each datum is listed and where it came from."""

    def read(self, client: Client, event_id: str, **environ: Any) -> Text:
        reply = client(f"/shares/{event_id}", **environ)
        assert reply.status == 200
        text = Text(reply.text)
        assert text.headings == [1, 2, 2, 3, 3]
        return text

    def test_to_the_person_themselves(self, client: Client, event_id: str) -> None:
        text = self.read(client, event_id, person=ADA).text
        for said in (
            "What left of your data, and why it is listed",
            "It was computed from personal data of yours.",
            "Made bymultiply, round",
            "Came fromincome form_field:income",
            "Works for this service.",
        ):
            assert said in text
        assert "bits" not in text
        assert "Whose" not in text

    def test_to_staff(self, client: Client, event_id: str) -> None:
        text = self.read(client, event_id, **STAFF).text
        assert f"Whose{ADA}" in text
        assert "under a key that names this type of data: ct." in text
        assert "The value has 14 bits: too common to be told alone (20); the key decides." in text

    def test_every_share_of_the_list_leads_there(self, client: Client, event_id: str) -> None:
        listed = client("/audit-logs", person=ADA, SCRIPT_NAME="/shop").text
        assert f'href="/shop/provenance/shares/{event_id}"' in listed

    def test_only_ones_own_are_there(self, client: Client, event_id: str) -> None:
        assert client(f"/shares/{event_id}", person=GRACE).status == 404
        assert client("/shares/unknown", **STAFF).status == 404
        assert client("/shares/", **STAFF).status == 404
        signed_out = client(f"/shares/{event_id}")
        assert signed_out.status == 401
        assert f"shares/{event_id}" in signed_out.text  # where to go after signing in
