"""Our own work is marked as ours, for our sinks and for OpenTelemetry's instrumentations."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from opentelemetry.instrumentation.utils import is_instrumentation_enabled

from sst_otel.audit.log import AuditLog
from sst_otel.audit.outbox import drainer
from sst_otel.audit.queries import Reader
from sst_otel.suppress import is_suppressed, suppressed
from tests.audit.helpers import share


def test_inside_the_block_and_not_after_it() -> None:
    assert (is_suppressed(), is_instrumentation_enabled()) == (False, True)
    with suppressed():
        with suppressed():
            assert (is_suppressed(), is_instrumentation_enabled()) == (True, False)
        assert is_suppressed()
    assert (is_suppressed(), is_instrumentation_enabled()) == (False, True)


def test_after_an_error_too() -> None:
    with pytest.raises(KeyError), suppressed():
        raise KeyError
    assert (is_suppressed(), is_instrumentation_enabled()) == (False, True)


def test_other_threads_are_not_concerned() -> None:
    seen: list[bool] = []
    with suppressed():
        thread = threading.Thread(target=lambda: seen.append(is_suppressed()))
        thread.start()
        thread.join()
    assert seen == [False]


def test_the_drainer_and_the_reader_work_suppressed(
    log: AuditLog, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

    unmarked: list[str] = []
    execute: Any = SQLiteDialect_pysqlite.do_execute

    def watched(self: Any, cursor: Any, statement: Any, *rest: Any) -> None:
        if not is_suppressed():
            unmarked.append(statement)
        execute(self, cursor, statement, *rest)

    monkeypatch.setattr(SQLiteDialect_pysqlite, "do_execute", watched)
    monkeypatch.setattr(drainer, "_INTERVAL", 0.0)
    log.share(share("42"))
    log.close()
    assert reader.audit_logs(viewer="42")[0]
    assert reader.provenance(viewer="42")[0]
    assert unmarked == []
