"""How shares become OpenTelemetry."""
