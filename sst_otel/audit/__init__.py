"""The audit log: every share is durable before it leaves, and can be asked about afterwards."""

from sst_otel.audit.log import AuditLog, open_reader

__all__ = ["AuditLog", "open_reader"]
