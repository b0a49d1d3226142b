"""The programs around the package, run natively: collector, Jaeger, PostgreSQL, Prometheus, ingest.

``python -m tools.stack`` (``make stack``) runs them all; tests start the ones that they break.
"""
