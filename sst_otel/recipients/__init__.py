"""Who stands behind a destination."""

from sst_otel.recipients.register import Register

__all__ = ["Register"]
