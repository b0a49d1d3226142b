"""The Grafana dashboards and alert rules as code; ``python -m tools.grafana`` writes the files."""
