"""How far journals have been delivered: a small file beside them, replaced as a whole.

Only whoever holds the directory's drain lock writes it. After a power cut it may be older than what
was delivered: that is sent again then, and recognised by its ids.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

_NAME = "delivered.json"


class Positions:
    """``{name of a journal: bytes of it that have been delivered}`` of ``directory``."""

    def __init__(self, directory: Path) -> None:
        self._file = Path(directory) / _NAME

    def read(self) -> dict[str, int]:
        """Return the positions; none where the file is missing or damaged. Raises ``OSError``."""
        try:
            found = json.loads(self._file.read_bytes())
        except (FileNotFoundError, ValueError):
            return {}
        if not isinstance(found, dict):
            return {}
        return {name: at for name, at in found.items() if isinstance(at, int) and at >= 0}

    def write(self, positions: dict[str, int]) -> None:
        """Replace the file; raises ``OSError``, and then it stays as it was."""
        new = self._file.with_suffix(".new")
        with open(new, "wb", opener=_private) as file:
            file.write(json.dumps(positions).encode())
        os.replace(new, self._file)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
