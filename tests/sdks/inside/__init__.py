"""Tests that run inside an environment of vendors' packages, by ``tests/sdks/test_inside.py``."""
