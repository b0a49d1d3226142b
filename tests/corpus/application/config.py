"""Where things are; each run of the corpus writes its own."""

from __future__ import annotations

VENDOR = "http://127.0.0.1:9"
DATABASE = "app.db"
FOLDER = "."
