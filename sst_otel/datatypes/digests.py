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
_PUNCTUATION = re.compile(r"[^\w\s]|_")
_NOT_A_TO_Z = re.compile(r"[^a-z]+")
_NOT_ALNUM = re.compile(r"[^a-z0-9]+")
_LONGEST_DIGESTED = 320
_FIRST = 5


def digest_forms(
    data_type: str, value: object, taxonomy: Taxonomy | None = None
) -> tuple[str, ...]:
    """Return the texts that vendors' rules have hashed for this value as a whole.

    Sources: Meta, Google, TikTok, Snap, Pinterest, Reddit, Microsoft, Amazon, X (conversion APIs
    and audiences), UID2 of The Trade Desk, LiveRamp, Mailchimp (member id). As written, stripped
    and lower-cased always come first.
    """
    written = as_text(value)
    stripped = written.strip()
    lower = stripped.lower()
    if len(stripped) > _LONGEST_DIGESTED:
        return distinct((written, stripped, lower))
    form = form_of(data_type, taxonomy)
    special = _DIGEST_FORMS.get(form)
    if special is not None:
        return distinct((written, stripped, lower, *special(lower, value)))
    if form in _NORMAL:
        return distinct((written, stripped, lower, normalise(data_type, value, taxonomy)))
    return distinct((written, stripped, lower))


def digest_parts(
    data_type: str, value: object, taxonomy: Taxonomy | None = None
) -> tuple[str, ...]:
    """Return the texts that vendors' rules have hashed of a piece of this value.

    Meta's ``fi``, ``f5first``, ``f5last`` (initial, first five letters), ``doby``, ``dobm``,
    ``dobd`` (year, month, day), and the first and last word of a full name. So few of them exist
    that their digests tell nothing by themselves.
    """
    form = form_of(data_type, taxonomy)
    if form == "date":
        day = parse_date(value)
        if day is None:
            return ()
        month, of_month = str(day.month), str(day.day)
        return distinct(
            (f"{day.year:04}", month.zfill(2), of_month.zfill(2), month, of_month),
        )
    if form != "name":
        return ()
    lower = as_text(value)[:_LONGEST_DIGESTED].strip().lower()
    if data_type != "name":
        return distinct(_beginnings(lower))
    words = lower.replace(",", " ").split()
    if len(words) < 2:
        return ()
    ends = (words[0], words[-1])
    whole = (text for word in ends for text in (word, *_letters(word, word)))
    return distinct((*whole, *(text for word in ends for text in _beginnings(word))))


def _beginnings(lower: str) -> tuple[str, ...]:
    letters = _PUNCTUATION.sub("", "".join(lower.split()))
    return (letters[:1], letters[:_FIRST])


def _email_digests(lower: str, value: object) -> tuple[str, ...]:
    email = "".join(lower.split()).removeprefix("mailto:")
    local, at, domain = email.rpartition("@")
    plain, plus, _ = local.partition("+")
    forms = [email]
    if plus and plain:
        forms.append(plain + at + domain)
    if domain in _GMAIL:
        forms.append(local.replace(".", "") + at + domain)
    # Reddit: for every domain, once only the dots, now everything that is no letter or digit.
    forms += (plain.replace(".", "") + at + domain, _NOT_ALNUM.sub("", plain) + at + domain)
    forms.append(email.upper())  # what data brokers offer beside the lower case
    return tuple(forms)


def _phone_digests(lower: str, value: object) -> tuple[str, ...]:
    digits, _ = phone_digits(lower)
    if not digits:
        return ()
    runs = phone_runs(lower)
    return (digits, digits.lstrip("0"), "+" + digits, *runs, *(f"+{run}" for run in runs[:1]))


def _letters(lower: str, value: object) -> tuple[str, ...]:
    """Return the text without punctuation, without blanks, and both.

    Then that without accents, and without the letters beyond a to z.
    """
    if lower.isalnum() and lower.isascii():
        return ()
    unpunctuated = " ".join(_PUNCTUATION.sub("", lower).split())
    joined = "".join(lower.split())
    both = unpunctuated.replace(" ", "")
    if both.isascii():
        return (unpunctuated, joined, both)
    folded = unicodedata.normalize("NFKD", both)
    bare = "".join(c for c in folded if not unicodedata.combining(c))
    return (unpunctuated, joined, both, bare, _NOT_A_TO_Z.sub("", both))


def _place_digests(lower: str, value: object) -> tuple[str, ...]:
    code = us_state_code(lower)
    return (*_letters(lower, value), *((code,) if code else ()))


def _postal_digests(lower: str, value: object) -> tuple[str, ...]:
    compact = lower.replace(" ", "")
    five = _ZIP_FIVE.fullmatch(compact)
    return (compact, compact.replace("-", ""), *((five.group(1),) if five else ()))


def _alnum_digests(lower: str) -> tuple[str, ...]:
    bare = "".join(filter(str.isalnum, lower))
    return (bare, bare.upper())


def _date_digests(lower: str, value: object) -> tuple[str, ...]:
    day = parse_date(value)
    if day is None:
        return ()
    return (
        day.isoformat(),
        day.strftime("%Y%m%d"),
        day.strftime("%m/%d/%Y"),
        day.strftime("%m%d%Y"),
    )


_DIGEST_FORMS: Mapping[str, Callable[[str, object], tuple[str, ...]]] = {
    "email": _email_digests,
    "phone": _phone_digests,
    "name": _letters,
    "place": _place_digests,
    "text": _letters,
    "compact": _postal_digests,
    "date": _date_digests,
    "alnum": lambda lower, value: _alnum_digests(lower),
    "identifier": lambda lower, value: (lower.replace("-", ""), lower.upper()),
}
_NORMAL = frozenset({"number", "plain_number", "country", "gender", "ip"})
"""Forms of which the canonical text is what is hashed."""
