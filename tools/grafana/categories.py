"""Groups of data types for SQL, from the taxonomy."""

from __future__ import annotations

from sst_otel.datatypes.taxonomy import default_taxonomy

PROTECTED = ("special", "criminal")
"""Art. 9 and Art. 10 GDPR."""


def protected_types() -> list[str]:
    """Return the types that Art. 9 and 10 GDPR protect, in the order of the alphabet."""
    types = default_taxonomy().types.values()
    return sorted(each.name for each in types if each.sensitivity in PROTECTED)


def sql_list(names: list[str]) -> str:
    """Return names of data types as a list in SQL; raises ``ValueError`` for other names."""
    if not all(name.isidentifier() for name in names):
        raise ValueError("names of data types are identifiers")
    return ", ".join(f"'{name}'" for name in names)
