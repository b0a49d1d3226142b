"""Packages that write to sockets from threads or frames which no door of ours is around.

What they send is reported by a sink of their own: the last door, at the sockets, leaves them alone.
"""

from __future__ import annotations

COVERED = frozenset({"amqp", "kafka", "kombu", "pika", "pymongo", "pymysql", "redis"})
"""Top-level names of their modules."""
