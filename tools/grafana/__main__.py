"""Writes ``grafana/``: ``python -m tools.grafana``; a test says when that was forgotten."""

from __future__ import annotations

from tools.grafana.files import ROOT, files

for path, text in files().items():
    (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
    (ROOT / path).write_text(text, encoding="utf-8")
