"""Pages and JSON API over the audit store (design 4.4)."""

PREFIX = "/provenance"
"""Where all of them live."""
