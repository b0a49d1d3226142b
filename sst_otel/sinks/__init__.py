"""Where data leaves: one file a library, each hooked below its OpenTelemetry instrumentation."""
