"""Walks from a datum up to its source fields and down to every share of it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from sst_otel.audit import lineage_queries, views
from sst_otel.audit.log import AuditLog
from sst_otel.audit.queries import Reader
from sst_otel.audit.schema import HEAD, VERSION_TABLE, stored_version
from sst_otel.audit.store import Store
from sst_otel.shares import Finding, SharingEvent
from sst_otel.tags import Owner, Tag
from tests.audit.by_hand import by_hand
from tests.audit.helpers import META, MINTER, NOW, sealed, share, tag

ADA = MINTER.owner("ada")
BOB = MINTER.owner("bob")


def write(log: AuditLog, owner: Owner, *tags: Tag) -> None:
    for one in tags:
        log.tag(one, sealed(owner), NOW)
    log.flush()


def carrying(owner: Owner, *tags: Tag, at: float, **values: Any) -> SharingEvent:
    findings = tuple(Finding(one, "derived", "body.x") for one in tags)
    return share(owner, at=at, findings=findings, **values)


def ids(objects: list[dict[str, Any]]) -> list[tuple[int, str]]:
    return [(one["depth"], one["tag_id"]) for one in objects]


@pytest.fixture
def chain(log: AuditLog) -> tuple[Tag, Tag, Tag, Tag]:
    """Income and birthday, a ratio of the income, and a score made of the ratio and the age."""
    income, birthday = tag(ADA, "income"), tag(ADA, "birthday")
    ratio = tag(ADA, "derived", "ratio", (income.tag_id,))
    score = tag(ADA, "derived", "score", (ratio.tag_id, birthday.tag_id))
    write(log, ADA, income, birthday, ratio, score)
    return income, birthday, ratio, score


class TestAncestors:
    def test_lead_back_to_the_source_fields(
        self, chain: tuple[Tag, Tag, Tag, Tag], reader: Reader
    ) -> None:
        income, birthday, ratio, score = chain
        found = reader.ancestors(score.tag_id, viewer=None)
        assert found is not None
        assert found["tag"]["tag_id"] == score.tag_id
        assert found["tag"]["depth"] == 0
        near, far = sorted([ratio.tag_id, birthday.tag_id]), income.tag_id
        assert sorted(ids(found["ancestors"])[:2]) == [(1, near[0]), (1, near[1])]
        assert ids(found["ancestors"])[2:] == [(2, far)]
        assert found["ancestors"][2]["sources"] == ["form_field:income"]
        assert found["truncated"] is False

    def test_a_source_has_none(self, chain: tuple[Tag, Tag, Tag, Tag], reader: Reader) -> None:
        found = reader.ancestors(chain[0].tag_id, viewer=None)
        assert found is not None
        assert found["ancestors"] == []


class TestDescendants:
    def test_are_followed_to_every_share(
        self, chain: tuple[Tag, Tag, Tag, Tag], log: AuditLog, reader: Reader
    ) -> None:
        income, birthday, ratio, score = chain
        first = carrying(ADA, income, ratio, at=NOW)
        second = carrying(ADA, score, at=NOW + 5, recipient=META, destination="POST meta")
        unrelated = carrying(ADA, birthday, at=NOW + 9)
        for event in (first, second, unrelated):
            log.share(event)
        log.outcome(second.event_id, "failed", NOW + 6)
        log.flush()

        found = reader.descendants(income.tag_id, viewer=None)
        assert found is not None
        assert ids(found["descendants"]) == [(1, ratio.tag_id), (2, score.tag_id)]
        late, early = found["shares"]
        assert (late["event_id"], late["recipient"], late["outcome"]) == (
            second.event_id,
            "Meta",
            "failed",
        )
        assert (late["timestamp"], late["tag_ids"]) == (NOW + 5, [score.tag_id])
        assert (early["event_id"], early["outcome"]) == (first.event_id, None)
        assert early["tag_ids"] == sorted([income.tag_id, ratio.tag_id])
        assert found["next_cursor"] is None

    def test_pages_name_every_share_once(
        self, chain: tuple[Tag, Tag, Tag, Tag], log: AuditLog, reader: Reader
    ) -> None:
        income, _, ratio, score = chain
        events = [carrying(ADA, income, ratio, score, at=NOW + n // 3) for n in range(11)]
        for event in events:
            log.share(event)
        seen: list[str] = []
        cursor = None
        while True:
            found = reader.descendants(income.tag_id, viewer=None, limit=4, cursor=cursor)
            assert found is not None
            seen += [one["event_id"] for one in found["shares"]]
            cursor = found["next_cursor"]
            if cursor is None:
                break
        assert len(seen) == 11
        assert set(seen) == {event.event_id for event in events}

    def test_refuse_a_wrong_page(
        self, chain: tuple[Tag, Tag, Tag, Tag], log: AuditLog, reader: Reader
    ) -> None:
        with pytest.raises(ValueError, match="limit"):
            reader.descendants(chain[0].tag_id, viewer=None, limit=0)
        with pytest.raises(ValueError, match="cursor"):
            reader.descendants(chain[0].tag_id, viewer=None, cursor="nonsense")


class TestLimits:
    def test_a_circle_ends(self, log: AuditLog, reader: Reader) -> None:
        one, two = tag(ADA, "derived", "one"), tag(ADA, "derived", "two")
        circle = (
            tag(ADA, "derived", "one", (two.tag_id,)),
            tag(ADA, "derived", "two", (one.tag_id,)),
            tag(ADA, "derived", "self", (tag(ADA, "derived", "self").tag_id,)),
        )
        write(log, ADA, *circle)
        log.share(carrying(ADA, two, at=NOW))
        for walk in (reader.ancestors, reader.descendants):
            found = walk(one.tag_id, viewer=None)
            assert found is not None
            name = "ancestors" if walk == reader.ancestors else "descendants"
            assert ids(found[name]) == [(1, two.tag_id)]
            itself = walk(circle[2].tag_id, viewer=None)
            assert itself is not None
            assert itself[name] == []
        found = reader.descendants(one.tag_id, viewer=None)
        assert found is not None
        assert len(found["shares"]) == 1

    def test_a_very_wide_walk_is_cut_and_says_so_but_misses_no_share(
        self, log: AuditLog, reader: Reader, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lineage_queries, "MAX_TAGS", 5)
        root = tag(ADA, "email")
        made = [tag(ADA, "derived", str(n), (root.tag_id,)) for n in range(9)]
        write(log, ADA, root, *made)
        for one in made:
            log.share(carrying(ADA, one, at=NOW))
        found = reader.descendants(root.tag_id, viewer=None)
        assert found is not None
        assert (len(found["descendants"]), found["truncated"]) == (4, True)
        assert len(found["shares"]) == 9


class TestAccess:
    def test_a_person_sees_their_own_lines_only(
        self, chain: tuple[Tag, Tag, Tag, Tag], log: AuditLog, reader: Reader
    ) -> None:
        income = chain[0]
        log.share(carrying(ADA, income, at=NOW))
        mine = reader.descendants(income.tag_id, viewer="ada")
        assert mine is not None
        assert len(mine["shares"]) == 1
        assert len(mine["descendants"]) == 2
        assert reader.descendants(income.tag_id, viewer="bob") is None
        assert reader.ancestors(income.tag_id, viewer="bob") is None

    def test_what_is_another_persons_is_left_out(self, log: AuditLog, reader: Reader) -> None:
        """A line across two people would be a fault of ours; it must not open a window."""
        hers = tag(ADA, "email")
        his = tag(BOB, "derived", "his", (hers.tag_id,))
        write(log, ADA, hers)
        write(log, BOB, his)
        log.share(carrying(BOB, his, at=NOW))
        mine = reader.descendants(hers.tag_id, viewer="ada")
        assert mine is not None
        assert (mine["descendants"], mine["shares"]) == ([], [])
        up = reader.ancestors(his.tag_id, viewer="bob")
        assert up is not None
        assert up["ancestors"] == []

    def test_an_unknown_tag_is_none(self, reader: Reader) -> None:
        assert reader.ancestors("tag_unknown", viewer=None) is None


_LATER = (
    "tag_parents",
    "gaps",
    "dead_letters",
    "audit_flow_days",
    "erasures",
    "tombstones",
    "seal_blocks",
    "seal_batches",
    "seal_salts",
    "seal_verifications",
)
"""Tables that the first version had not."""


def test_a_store_of_the_first_version_gets_its_lines(
    chain: tuple[Tag, Tag, Tag, Tag], log: AuditLog, reader: Reader
) -> None:
    log.close()
    reader.provenance(viewer=None)
    store: Store = reader._store
    with by_hand(store) as connection:
        for view in (*views.NAMES, "audit_flow"):
            connection.execute(text(f"DROP VIEW {view}"))
        for table in _LATER:
            connection.execute(text(f"DROP TABLE {table}"))
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '0001'"))
        connection.commit()
    found = reader.ancestors(chain[3].tag_id, viewer=None)
    assert found is not None
    assert len(found["ancestors"]) == 3
    with store.reading() as connection:
        assert stored_version(connection) == HEAD
