"""The texts that vendors' conversion APIs hash: each has its own idea of a normal form."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping

from sst_otel.datatypes.dates import parse_date
from sst_otel.datatypes.forms import as_text, distinct, form_of, normalise
from sst_otel.datatypes.phones import phone_digits, phone_runs
from sst_otel.datatypes.places import us_state_code
from sst_otel.datatypes.taxonomy import Taxonomy

_GMAIL = frozenset({"gmail.com", "googlemail.com"})
_ZIP_FIVE = re.compile(r"(\d{5})-?\d{4}")
_LONGEST_DIGESTED = 320


def digest_forms(
    data_type: str, value: object, taxonomy: Taxonomy | None = None
) -> tuple[str, ...]:
    """Return the texts that vendors' rules have hashed for this value.

    Sources: Meta, Google, TikTok, Snap, Pinterest, Reddit, Microsoft, Amazon (conversion APIs)
    and Mailchimp (member id). As written, stripped and lower-cased always come first.
    """
    written = as_text(value)
    stripped = written.strip()
    lower = stripped.lower()
    if len(stripped) > _LONGEST_DIGESTED:
        return distinct((written, stripped, lower))
    normal = normalise(data_type, value, taxonomy)
    special = _DIGEST_FORMS.get(form_of(data_type, taxonomy))
    return distinct((written, stripped, lower, *(special(lower, value, normal) if special else ())))


def _email_digests(lower: str, value: object, normal: str) -> tuple[str, ...]:
    email = "".join(lower.split()).removeprefix("mailto:")
    local, at, domain = email.rpartition("@")
    plain, plus, _ = local.partition("+")
    forms = [email]
    if plus and plain:
        forms.append(plain + at + domain)
    if domain in _GMAIL:
        forms.append(local.replace(".", "") + at + domain)
    forms.append(plain.replace(".", "") + at + domain)  # Reddit: for every domain
    return tuple(forms)


def _phone_digests(lower: str, value: object, normal: str) -> tuple[str, ...]:
    digits, _ = phone_digits(lower)
    if not digits:
        return ()
    runs = phone_runs(lower)
    return (digits, digits.lstrip("0"), "+" + digits, *runs, *(f"+{run}" for run in runs[:1]))


def _letters(lower: str, value: object, normal: str) -> tuple[str, ...]:
    """Return the text without punctuation, without blanks, and both; then without accents."""
    unpunctuated = " ".join("".join(c if c.isalnum() or c == " " else "" for c in lower).split())
    joined = "".join(lower.split())
    both = unpunctuated.replace(" ", "")
    folded = unicodedata.normalize("NFKD", both)
    return (unpunctuated, joined, both, "".join(c for c in folded if not unicodedata.combining(c)))


def _place_digests(lower: str, value: object, normal: str) -> tuple[str, ...]:
    code = us_state_code(lower)
    return (*_letters(lower, value, normal), *((code,) if code else ()))


def _postal_digests(lower: str, value: object, normal: str) -> tuple[str, ...]:
    compact = lower.replace(" ", "")
    five = _ZIP_FIVE.fullmatch(compact)
    return (compact, compact.replace("-", ""), *((five.group(1),) if five else ()))


def _date_digests(lower: str, value: object, normal: str) -> tuple[str, ...]:
    day = parse_date(value)
    if day is None:
        return ()
    return (
        day.isoformat(),
        day.strftime("%Y%m%d"),
        day.strftime("%m/%d/%Y"),
        day.strftime("%m%d%Y"),
    )


_DIGEST_FORMS: Mapping[str, Callable[[str, object, str], tuple[str, ...]]] = {
    "email": _email_digests,
    "phone": _phone_digests,
    "name": _letters,
    "place": _place_digests,
    "text": _letters,
    "compact": _postal_digests,
    "date": _date_digests,
    "number": lambda lower, value, normal: (normal,),
    "country": lambda lower, value, normal: (normal,),
    "gender": lambda lower, value, normal: (normal,),
    "alnum": lambda lower, value, normal: (normal, normal.upper()),
    "identifier": lambda lower, value, normal: (lower.replace("-", ""), lower.upper()),
}
