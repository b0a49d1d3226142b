"""The log in plain words: data types, roles, purposes, evidence, countries, times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from sst_otel import semconv
from sst_otel.tags import ERASED

DATA_TYPES = {
    "email": "e-mail address",
    "name": "full name",
    "birthday": "date of birth",
    "phone": "phone number",
    "street_address": "street address",
    "postal_code": "postal code",
    "ip_address": "IP address",
    "geo_precise": "exact location",
    "geo_coarse": "rough location",
    "device_id": "device id",
    "cookie_id": "cookie id",
    "user_agent": "browser and device",
    "user_id": "account number",
    "national_id": "national id number",
    "tax_id": "tax number",
    "vehicle_plate": "licence plate",
    "driver_license": "driving licence",
    "payment_card": "payment card",
    "financial": "financial situation",
    "purchase": "purchases",
    "biometric": "biometric data",
    "genetic": "genetic data",
    "health": "health data",
    "political": "political opinion",
    "criminal": "criminal record",
    "credential": "access credential",
    "user_content": "own texts and messages",
    "browsing": "browsing history",
    "children": "data about children",
    "privacy_pref": "privacy choices",
    "derived": "computed value",
}
"""Where the type's own name, with blanks for underscores, would not be said by a person."""

ROLES = {
    "processor": "works for this service",
    "third_party": "independent company",
    "first_party": "this service itself",
    "unknown": "role not known",
}
ROLE_MEANINGS = {
    "processor": "May use the data only on this service's instructions.",
    "third_party": "Decides itself what it does with the data.",
    "first_party": "The data stays with this service.",
    "unknown": "The register of recipients does not say.",
}

OWN = {
    "own database": "This service's database",
    "own service": "This service's other servers",
}
"""The recipients of the first party, which are no companies."""

PURPOSES = {
    "llm": "AI language model",
    "crm": "customer relations",
    "communications": "sending messages",
    "error": "error monitoring",
    "identity": "log-ins and accounts",
    "shipping": "parcels",
    "fraud": "fraud prevention",
    "unknown": "purpose not known",
}

EVENT_TYPES = {
    semconv.EXTERNAL_API: "sent to a company",
    semconv.HTTP_REQUEST: "sent to a server of this service",
    semconv.DATABASE_WRITE: "written to a database",
    semconv.DATABASE_READ: "read from a database",
    "email_send": "sent by e-mail",
    semconv.FILE_WRITE: "written to a file",
    "message_publish": "put on a message queue",
    "rpc": "sent by remote call",
    "socket": "sent over a raw connection",
}

OUTCOMES = {
    semconv.SENT: "The call was answered.",
    semconv.FAILED: "The call failed; the data may have left all the same.",
    "blocked": "The call was stopped; nothing left.",
    "redacted": "The data was taken out before the call.",
}

_EVIDENCE = {
    semconv.EXACT: "{what}, word for word",
    semconv.NORMALIZED: "{what}, written in another way",
    semconv.ENCODED: "{what}, encoded but readable for whoever gets it",
    semconv.HASHED: "a fingerprint of {what}, which still identifies {whom}",
    semconv.DERIVED: "a value computed from {whose} data",
    semconv.COMPOSED: "{what}, inside a longer text",
    semconv.FIELD: "{what}, told by the name of its field",
}

COUNTRIES = {
    "AT": "Austria", "AU": "Australia", "BE": "Belgium", "BR": "Brazil", "CA": "Canada",
    "CH": "Switzerland", "CN": "China", "CZ": "Czechia", "DE": "Germany", "DK": "Denmark",
    "EE": "Estonia", "ES": "Spain", "FI": "Finland", "FR": "France", "GB": "United Kingdom",
    "IE": "Ireland", "IL": "Israel", "IN": "India", "IT": "Italy", "JP": "Japan",
    "KR": "South Korea", "LU": "Luxembourg", "NL": "Netherlands", "NO": "Norway",
    "NZ": "New Zealand", "PL": "Poland", "PT": "Portugal", "RU": "Russia", "SE": "Sweden",
    "SG": "Singapore", "US": "United States",
}  # fmt: skip
"""Seats of the organisations of the register (ISO 3166-1 alpha-2)."""


def data_type(name: str) -> str:
    """Return what a person calls a data type."""
    return DATA_TYPES.get(name, name.replace("_", " "))


def recipient(name: str | None) -> str:
    """Return the name of a recipient, or words for one that the register does not know."""
    return OWN.get(str(name), str(name)) if identified(name) else "Not identified"


def identified(name: str | None) -> bool:
    """Whether the register knows who the recipient is."""
    return name not in (None, "", "unknown")


def role(name: str | None) -> str:
    """Return a recipient's role in plain words."""
    return ROLES.get(name or "unknown", ROLES["unknown"])


def purpose(name: str | None) -> str:
    """Return a recipient's purpose in plain words."""
    known = name or "unknown"
    return PURPOSES.get(known, known.replace("_", " "))


def about(role: str | None, purpose_name: str | None, country_code: str | None) -> str:
    """Say what a recipient is for and where it sits."""
    if role == "first_party":
        return "no other company involved"
    if {purpose_name or "unknown", country_code or "unknown"} == {"unknown"}:
        return "not in the register of recipients"
    return f"{purpose(purpose_name)} · {country(country_code)}"


def country(code: str | None) -> str:
    """Return the name of a country, its code where the name is not known to us."""
    return "country not known" if code in (None, "", "unknown") else COUNTRIES.get(code, code)


def whose(event: Mapping[str, Any]) -> str:
    """Say whose an event of the API is."""
    nobody = "erased person" if ERASED in event.get("tag_ids", ()) else "nobody known"
    return str(event["owner_id"] or nobody)


def event_type(name: str) -> str:
    """Return what happened, in plain words."""
    return EVENT_TYPES.get(name, name.replace("_", " "))


def evidence(kind: str, data_types: Sequence[str], *, own: bool) -> str:
    """Say how the data was recognised; ``own`` addresses the person whose data it is."""
    whose = "your" if own else "their"
    what = f"{whose} {listed([data_type(name) for name in data_types]) or 'data'}"
    sentence = _EVIDENCE.get(kind, "{what}")
    return sentence.format(what=what, whose=whose, whom="you" if own else "them")


def capital(text: str) -> str:
    """Return ``text`` with its first letter in upper case and the rest as it is."""
    return text[:1].upper() + text[1:]


def listed(items: Iterable[str]) -> str:
    """Return ``a, b and c``."""
    texts = list(items)
    if len(texts) < 2:
        return "".join(texts)
    return ", ".join(texts[:-1]) + " and " + texts[-1]


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return ``1 share`` or ``1,234 shares``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def moment(at: float) -> str:
    """Return ``22 Nov 2026, 16:51`` (UTC)."""
    stamp = datetime.fromtimestamp(at, timezone.utc)
    return f"{stamp.day} {stamp:%b %Y, %H:%M}"


def day(at: float) -> str:
    """Return ``22 November 2026`` (UTC)."""
    stamp = datetime.fromtimestamp(at, timezone.utc)
    return f"{stamp.day} {stamp:%B %Y}"


def short_day(at: float) -> str:
    """Return ``22 Nov 2026`` (UTC)."""
    stamp = datetime.fromtimestamp(at, timezone.utc)
    return f"{stamp.day} {stamp:%b %Y}"


def iso(at: float) -> str:
    """Return the moment in ISO 8601 with milliseconds (UTC)."""
    stamp = datetime.fromtimestamp(at, timezone.utc)
    return stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")
