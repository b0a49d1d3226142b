"""Journals that outlive the process, and the thread that brings them to where they belong."""
