"""Countries and US states by their codes and names (ISO 3166-1, ANSI INCITS 38)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

_US_STATES = (
    "AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|"
    "DE Delaware|DC District of Columbia|FL Florida|GA Georgia|HI Hawaii|ID Idaho|IL Illinois|"
    "IN Indiana|IA Iowa|KS Kansas|KY Kentucky|LA Louisiana|ME Maine|MD Maryland|MA Massachusetts|"
    "MI Michigan|MN Minnesota|MS Mississippi|MO Missouri|MT Montana|NE Nebraska|NV Nevada|"
    "NH New Hampshire|NJ New Jersey|NM New Mexico|NY New York|NC North Carolina|ND North Dakota|"
    "OH Ohio|OK Oklahoma|OR Oregon|PA Pennsylvania|RI Rhode Island|SC South Carolina|"
    "SD South Dakota|TN Tennessee|TX Texas|UT Utah|VT Vermont|VA Virginia|WA Washington|"
    "WV West Virginia|WI Wisconsin|WY Wyoming|PR Puerto Rico"
)


def country_code(text: str) -> str | None:
    """Return the lower-case alpha-2 code of a country given by alpha-2, alpha-3 or name."""
    return _countries().get(" ".join(text.casefold().split()))


def us_state_code(text: str) -> str | None:
    """Return the lower-case postal code of a US state given by its name."""
    return _states().get(" ".join(text.casefold().split()))


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    table: dict[str, str] = {}
    lines = Path(__file__).with_name("countries.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        alpha2, alpha3, names = line.split(" ", 2)
        for name in (alpha2, alpha3, *names.split("|")):
            table.setdefault(name.casefold(), alpha2.lower())
    return table


@lru_cache(maxsize=1)
def _states() -> dict[str, str]:
    pairs = (entry.split(" ", 1) for entry in _US_STATES.split("|"))
    return {name.casefold(): code.lower() for code, name in pairs}
