"""An OTLP/HTTP receiver that writes audit records into the store."""
