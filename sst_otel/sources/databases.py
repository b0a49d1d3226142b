"""Everything that reads rows, built around one knowledge of tables and people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sst_otel.patching import Patches
from sst_otel.sources import (
    asyncpg,
    core_inserts,
    core_rows,
    django_models,
    mysql,
    pg8000,
    psycopg,
    psycopg2,
    sqlite3,
)
from sst_otel.sources import sqlalchemy as orm
from sst_otel.sources.accounts import is_account
from sst_otel.sources.cursors import Beneath
from sst_otel.sources.directory import Directory
from sst_otel.sources.known_tables import KnownTables, override_of
from sst_otel.sources.nouns import noun_of
from sst_otel.sources.people import People
from sst_otel.sources.row_changes import RowChanges
from sst_otel.sources.row_tagging import RowTagger
from sst_otel.sources.session_keys import AccountNames, prefix_for
from sst_otel.sources.text_plans import TextPlans
from sst_otel.tagging import Tagger


class Databases:
    """The sources for databases; ``models`` as in sst.yaml.

    ``beneath``: what goes beneath the cursors of a driver, by the driver's name.
    """

    def __init__(
        self,
        tagger: Tagger,
        models: Mapping[str, Any],
        beneath: Mapping[str, Beneath] | None = None,
    ) -> None:
        classifier = tagger.classifier
        self._tagger = tagger
        self._models = models
        self._beneath = beneath or {}
        self._directory = Directory(tagger)
        self._tables = KnownTables()
        self._people = People(
            lambda column, siblings, table: classifier.classify(column, siblings, table),
            lambda table: override_of(table, models),
            tagger.selection.learn,
            self._tables.described,
        )
        self._rows = RowTagger(tagger, self._directory)
        self._changes = RowChanges(tagger, self._directory)
        self._texts = TextPlans(
            self._people,
            # A bare id is the key of every record there is.
            lambda word: (
                word.lower() != "id" and classifier.classify(word, (), "users") is not None
            ),
            self._tables.table,
            tagger,
            self._changes,
        )

        self.accounts = AccountNames(self._prefix_of, self._directory.account, self._secured)
        """Whom a session means."""
        self._with_log_ins: dict[str, str] = {}
        self._prefixes: tuple[tuple[int, int], dict[str, str], bool] = ((0, 0), {}, False)

    def _secured(self, noun: str) -> str | None:
        """Return what the ids of these people begin with if they have log-ins."""
        self._prefix_of(noun)
        return self._with_log_ins.get(noun)

    def _prefix_of(self, noun: str) -> str | None:
        known, prefixes, tied = self._prefixes
        described = list(self._tables.described())
        columns = sum(len(table.columns) for table in described)
        now = (columns, self._texts.book.version)
        if known != now:
            tables = [*described, *list(self._texts.book.tables.values())]
            prefixes, tied = self._people.prefixes(tables)
            self._prefixes = (now, prefixes, tied)
            secured = {noun_of(table.name) for table in tables if is_account(table)}
            self._with_log_ins = {noun: prefixes[noun] for noun in secured & prefixes.keys()}
        return prefix_for(noun, prefixes, tied)

    def installs(self) -> tuple[Callable[[], Patches], ...]:
        """Return what installs each source; each may fail on its own."""
        tagger, people = self._tagger, self._people
        return (
            self._tables.install,
            lambda: orm.install(tagger, people, self._directory, self._models),
            lambda: django_models.install(tagger, people, self._directory, self._models),
            lambda: core_inserts.install(tagger, people, self._changes, self._texts),
            lambda: core_rows.install(self._rows, people, self._texts, self._tables),
            lambda: sqlite3.install(self._rows, self._texts, self._beneath.get("sqlite3")),
            lambda: psycopg2.install(self._rows, self._texts, self._beneath.get("psycopg2")),
            lambda: psycopg.install(self._rows, self._texts),
            lambda: asyncpg.install(self._rows, self._texts),
            lambda: mysql.install(self._rows, self._texts),
            lambda: pg8000.install(self._rows, self._texts),
        )
