"""Which rows the reader gives: by filters, and page by page."""

from __future__ import annotations

import pytest

from sst_otel.audit.log import AuditLog
from sst_otel.audit.queries import Reader
from tests.audit.helpers import (
    META,
    MINTER,
    NOW,
    share,
    tag,
)


class TestFilters:
    @pytest.mark.parametrize(
        ("filters", "found"),
        [
            ({"owner_id": "42"}, "ab"),
            ({"owner_id": MINTER.owner("43").ref}, "c"),
            ({"destination": "OpenAI/Groq:responses.create"}, "ac"),
            ({"destination": "POST graph.facebook.com/*"}, "b"),
            ({"destination": "POST graph.facebook.com"}, ""),
            ({"destination": "*_v21*"}, ""),
            ({"recipient": "Meta"}, "b"),
            ({"data_type": "phone"}, "bc"),
            ({"data_type": "phone", "owner_id": "42"}, "b"),
            ({"event_type": "database_write"}, "c"),
            ({"since": NOW + 1}, "bc"),
            ({"until": NOW + 1}, "a"),
            ({"since": NOW + 1, "until": NOW + 2}, "b"),
            ({"event_id": "b"}, "b"),
            ({"trace_id": "c" * 32}, "c"),
        ],
    )
    def test_choose_rows(
        self, log: AuditLog, reader: Reader, filters: dict[str, object], found: str
    ) -> None:
        log.share(share("42", "email", event_id="a", at=NOW))
        log.share(
            share(
                "42",
                "phone",
                event_id="b",
                at=NOW + 1,
                recipient=META,
                destination="POST graph.facebook.com/v21.0/{pixel}/events",
            )
        )
        log.share(
            share(
                "43",
                "phone",
                "email",
                event_id="c",
                at=NOW + 2,
                kind="database_write",
                trace_id="c" * 32,
            )
        )
        rows = reader.audit_logs(viewer=None, **filters)[0]  # type: ignore[arg-type]
        assert "".join(sorted(row["event_id"] for row in rows)) == found

    def test_of_data(self, log: AuditLog, reader: Reader) -> None:
        owner = MINTER.owner("42")
        log.share(share("42", "email", "phone"))
        log.share(share("43", "email", at=NOW + 1))

        def types(**filters: object) -> list[tuple[str, str]]:
            rows = reader.provenance(viewer=None, **filters)[0]  # type: ignore[arg-type]
            return sorted((row["owner_id"], row["data_type"]) for row in rows)

        assert types(owner_id="42") == [("42", "email"), ("42", "phone")]
        assert types(data_type="email") == [("42", "email"), ("43", "email")]
        assert types(tag_id=tag(owner, "phone").tag_id) == [("42", "phone")]
        assert types(since=NOW + 1) == [("43", "email")]


class TestPages:
    def test_cover_every_row_once_while_rows_arrive(self, log: AuditLog, reader: Reader) -> None:
        old = [share("42", at=NOW + n // 3) for n in range(25)]  # several at one time
        for event in old:
            log.share(event)
        log.flush()
        seen: list[str] = []
        cursor = None
        while True:
            rows, cursor = reader.audit_logs(viewer="42", limit=4, cursor=cursor)
            seen += [row["event_id"] for row in rows]
            if cursor is None:
                break
            log.share(share("42", at=NOW + 1000))
        assert len(seen) == len(set(seen))
        assert set(seen) == {event.event_id for event in old}

    def test_of_data_do_so_too(self, log: AuditLog, reader: Reader) -> None:
        types = [f"type{n}" for n in range(11)]
        log.share(share("42", *types))
        seen: list[str] = []
        cursor = None
        while True:
            rows, cursor = reader.provenance(viewer="42", limit=3, cursor=cursor)
            seen += [row["data_type"] for row in rows]
            if cursor is None:
                break
        assert sorted(seen) == sorted(types)

    @pytest.mark.parametrize(
        "cursor", ["", "x", "!!", "MTIz", "ü", "LTE6YQ", "OTk5OTk5OTk5OTk5OTk5OTk5OTphOg"]
    )
    def test_refuse_a_cursor_that_is_none(self, reader: Reader, cursor: str) -> None:
        with pytest.raises(ValueError, match="cursor"):
            reader.audit_logs(viewer=None, cursor=cursor)

    def test_refuse_a_limit_below_one(self, reader: Reader) -> None:
        with pytest.raises(ValueError, match="limit"):
            reader.audit_logs(viewer=None, limit=0)
