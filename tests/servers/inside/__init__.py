"""Tests that run inside the environment of older frameworks, by ``tests/servers/test_older.py``."""
