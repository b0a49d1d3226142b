"""Seals at intervals, in a thread or in a process of its own, until it is told to stop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sst_otel.audit.database import Database
from sst_otel.audit.seals.checkpoint import append
from sst_otel.audit.seals.headers import Header
from sst_otel.audit.seals.sealing import seal
from sst_otel.audit.seals.signing import Signer
from sst_otel.guard import count_error, say_once
from sst_otel.rounds import Rounds


class Sealer:
    """Seals the store at ``url``; ``anchor``: file that checkpoints are appended to.

    Raises ``ValueError`` for a URL that cannot be used.
    """

    def __init__(self, url: str, signer: Signer, anchor: Path | None) -> None:
        self._database = Database(url)
        self._signer = signer
        self._anchor = anchor
        self._rounds = Rounds()

    def seal(self, younger: float = 0.0) -> list[Header]:
        """Seal once, unless the last batch is ``younger`` than so many seconds; anchor the result.

        Raises SQLAlchemy's errors, ``RuntimeError`` for tables that are newer than this package,
        and ``OSError`` where the anchor cannot be written: what was sealed is sealed then, and the
        next checkpoint vouches for it too.
        """
        made = seal(self._database, self._signer, younger)
        if self._anchor is not None:
            for header in made:
                append(self._anchor, header)
        return made

    def run(self, every: float, told: Callable[[Header], object] = lambda header: None) -> None:
        """Seal every so many seconds until :meth:`stop`, and once more then; trouble is said once.

        Of several that do, one seals in each interval. ``told`` is handed each batch.
        """
        for last in self._rounds.each(every, first=every):
            try:
                for header in self.seal(0.0 if last else every / 2):
                    told(header)
            except Exception as error:
                kind = type(error).__name__
                say_once("audit.seal", f"the audit log is not sealed now ({kind})")
                count_error("audit.seal", kind)
        self._database.close()

    def stop(self) -> None:
        """End :meth:`run`."""
        self._rounds.stop()
