"""Hooks at functions whose results hold nothing of what they were given: digests, codes.

They see code that is not rewritten: vendors' SDKs. An input is recognised when it is given
(:mod:`.inputs`), its output noted by its text and found in payloads later, from any thread
(:mod:`sst_otel.registry.made`). Rewritten modules follow the objects themselves.

Not seen: chains of ``update()`` on digest objects (written in C) outside rewritten modules, and
functions that a module had imported by name before tracking started.
"""

from sst_otel.lineage.hooks.install import install
from sst_otel.lineage.hooks.outputs import digest_made, text_made

__all__ = ["digest_made", "install", "text_made"]
