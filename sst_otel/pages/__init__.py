"""Pages and JSON API over the audit store (design 4.4)."""

from sst_otel.pages.application import PagesApp

__all__ = ["PagesApp"]
