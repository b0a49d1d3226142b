"""Keys that say "the account of": ``customer_ref``, ``X-User``, ``buyer.id``.

A small number is an account's id by its key alone where the key says so (``user_id``, in the
taxonomy). The names here may mean other things too, so that they count beside a certain value of
the same person only, and only for the very id that the application knows this person by.
"""

from __future__ import annotations

from sst_otel.datatypes.tokens import segments
from sst_otel.matching.leaf import Leaf
from sst_otel.registry.datum import Datum
from sst_otel.remembered import remembered

_PEOPLE = frozenset(
    {
        *("account", "acct", "actor", "applicant", "attendee", "beneficiary", "benutzer"),
        *("borrower", "buyer", "candidate", "cardholder", "client", "insured", "learner"),
        *("policyholder", "pupil", "rider", "staffer", "traveler", "traveller"),
        *("cliente", "contact", "customer", "donor", "employee", "enduser", "guest", "holder"),
        *("kunde", "member", "mitarbeiter", "mitglied", "nutzer", "owner", "participant"),
        *("partner", "passenger", "patient", "payee", "payer", "person", "player", "profile"),
        *("recipient", "requester", "respondent", "sender", "shopper", "student", "sub"),
        *("subject", "subscriber", "uid", "user", "userid", "usuario", "utilisateur", "visitor"),
    }
)
"""Nouns under which vendors' interfaces and webhooks name an account."""
_IDENTIFIERS = frozenset(
    {"id", "identifier", "key", "no", "nr", "num", "number", "pk", "ref", "reference", "uuid"}
)
_COUNTED = frozenset(
    {"all", "any", "are", "by", "can", "count", "each", "every", "has", "is", "last", "max"}
    | {"maximum", "min", "minimum", "new", "no", "num", "number", "per", "role", "sum", "total"}
    | {"type", "was"}
)
"""Words before such a noun with which a number says how many there are, which kind, or whether."""


def names_account(leaf: Leaf, datum: Datum) -> bool:
    """Whether the field of ``leaf`` names an account, and ``datum`` is what its owner is called."""
    if datum.data_type != "user_id" or datum.owner.id is None:
        return False
    value = datum.value
    if type(value) not in (int, str) or datum.owner.id.rpartition(":")[2] != str(value):
        return False
    return _says_account(leaf.key, _key_around(leaf))


def _key_around(leaf: Leaf) -> str:
    """Return the name of the object that the field is in; empty where it has none."""
    place = leaf.place if isinstance(leaf.place, str) else leaf.place[0]
    while not isinstance(place, str):
        place, inner = place
        if isinstance(inner, str):
            return inner
    return ""


@remembered(2_000)
def _says_account(key: str, around: str) -> bool:
    words = _last_words(key)
    nouns = [word for word in words if word not in _IDENTIFIERS]
    if nouns:
        # Before it stands whose account it is: "crm_customer", "djstripe_subscriber".
        return nouns[-1] in _PEOPLE and _COUNTED.isdisjoint(words[: words.index(nouns[-1])])
    beside = _last_words(around) if words else []
    return bool(beside) and beside[-1].removesuffix("s") in _PEOPLE


def _last_words(key: str) -> list[str]:
    parts = segments(key)
    return parts[-1] if parts else []
