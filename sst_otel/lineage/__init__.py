"""Derived values: which object in the process holds whose data.

Application modules are rewritten as they are imported (:mod:`.importer`, :mod:`.rewrite`): sites
that make a value from values call a helper (:mod:`.operators`, :mod:`.fstrings`, :mod:`.methods`,
:mod:`.calls`), which lets the result inherit the marks of its operands (:mod:`.marks`).
"""

from sst_otel.lineage.importer import install, report

__all__ = ["install", "report"]
