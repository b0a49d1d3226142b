"""Files that write into a buffer in memory: what is written into one, the buffer holds."""

from __future__ import annotations

import io
from typing import Any

from sst_otel.lineage.scanning import fields_of, module_of, name_of

BUFFERS = frozenset({io.StringIO, io.BytesIO})
_LAYERS = 4
"""``csv`` into text into gzip into a buffer, and one more."""


def beneath(file: Any) -> Any:
    """Return the buffer that ``file`` is, or writes into; None for files on disk and others."""
    for _ in range(_LAYERS):
        kind = type(file)
        if kind in BUFFERS:
            return file
        if kind is io.TextIOWrapper:
            try:
                file = file.buffer
            except ValueError:  # detached
                return None
        elif kind is io.BufferedWriter:
            file = file.raw
        elif name_of(kind) == "GzipFile" and module_of(kind) == "gzip":
            file = fields_of(file).get("fileobj")
        else:
            return None
    return None
