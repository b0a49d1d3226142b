"""A small Django application in one process: configured once, its tables made for each test."""
