"""Tamper evidence: leaves with the rows, sealed in signed batches, verified and proved."""
