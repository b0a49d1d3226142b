"""Derived values: which object in the process holds whose data."""
