"""pg8000 as a source: cursors become subclasses of what they are when a connection opens them."""

from __future__ import annotations

from operator import attrgetter

from sst_otel.beside import watching
from sst_otel.patching import Patches
from sst_otel.sources.cursors import CursorSource
from sst_otel.sources.row_tagging import RowTagger
from sst_otel.sources.text_plans import TextPlans

_PLACE = "source.pg8000"


def install(rows: RowTagger, texts: TextPlans) -> Patches:
    """Tag the rows of every DB-API cursor that a connection of pg8000 opens."""
    patches = Patches(_PLACE)
    source = CursorSource(_PLACE, "postgresql", rows, texts, connection_of=attrgetter("_c"))
    adopt = watching(_PLACE, lambda _connection, cursor, *_: source.adopt(cursor))
    for module in ("pg8000.dbapi", "pg8000.legacy"):
        patches.wrap(module, "Connection.cursor", adopt, optional=True)
    patches.on_undo(lambda: setattr(source, "active", False))
    return patches
