"""Recognising tagged values in what leaves."""
