"""Which account a session means by what it holds: the key's words and the application's tables.

``customer_id: 5`` is customer 5, not user 5; ``user_email`` is the account that has this address,
if one was met. A key of other words (a cart, a token, a state) names nobody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sst_otel.remembered import remembered
from sst_otel.sources.accounts import LOGIN_NAMES

_LEAD = "current|curr|cur|loggedin|logged|signedin|authenticated|authed|active|my"
_NOUNS = (
    "user|usr|account|member|customer|client|login|admin|usuario|cliente|patient|doctor|student|"
    "teacher|employee|staff|driver|seller|vendor|buyer|subscriber"
)
_KEY = re.compile(
    rf"(?P<lead>{_LEAD})?(?P<noun>{_NOUNS})?(?P<kind>id|uid|pk|uuid|name|email|emailaddress|mail)?"
)
_IDS = frozenset({"id", "uid", "pk", "uuid"})
_GENERIC = frozenset({"user", "usr", "account", "member", "login", "usuario"})
_SQUASH = re.compile(r"[\W_]+")
_ROLE_KEYS = frozenset(
    {"role", "userrole", "type", "usertype", "accounttype", "logintype", "kind", "userkind", "rol"}
)
_CLAIMED_IDS = ("public_id", "uid", "id", "_id", "uuid", "oid", "identity")
_CLAIMED_NAMES = ("email", "username", "preferred_username", "user", "login", "identifier")
_NAME_KEYS = ("email", "mail", "username", "user_name", "login")
_LOG_INS = ("sessions", "logins", "accounts", "users")
"""Keys of sessions that several accounts may be logged in to."""
_LONGEST_ID = 18
_UUID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)


class AccountNames:
    """Turns what a session names into the owner ids that rows have.

    ``prefix_of(noun)``: what the ids of these people begin with; None where a plain number would
    be several people. ``called(name)``: the owner id of the one account that has this name.
    ``secured(noun)``: what the ids of these people begin with if they have log-ins, else None.
    """

    def __init__(
        self,
        prefix_of: Callable[[str], str | None],
        called: Callable[[str], str | None],
        secured: Callable[[str], str | None] = lambda _noun: None,
    ) -> None:
        self._prefix_of = prefix_of
        self._called = called
        self._secured = secured

    def by_rule(self, key: str, found: str, beside: Mapping[str, Any] | None = None) -> str | None:
        """Return the owner id that ``found``, under a key that a rule names, stands for.

        ``beside``: what stands there too; ``user_type: employee`` says whose number it is.
        """
        if not found.isdecimal():
            return found
        match = _match(key.rpartition(".")[2])
        noun = match[0] if match is not None else "user"
        prefix = self._by_role(beside) if beside and (not noun or noun in _GENERIC) else None
        if prefix is None:
            prefix = self._prefix_of(noun)
        return None if prefix is None else prefix + found

    def by_claims(self, claims: Mapping[str, Any]) -> str | None:
        """Return the owner id that a token without a subject tells, None where it tells none."""
        inner = claims.get("identity")
        words = inner if type(inner) is dict else claims
        told = self.by_words(words)
        if told is not None:
            return told
        for key in (*_CLAIMED_IDS, *_CLAIMED_NAMES):
            value = words.get(key)
            if type(value) in (str, int) and str(value).strip():
                return self.by_rule("", str(value).strip(), words)
        return None

    def _by_role(self, beside: Mapping[str, Any]) -> str | None:
        told = {
            self._secured(value.strip().lower())
            for key, value in beside.items()
            if type(key) is str
            and type(value) is str
            and _SQUASH.sub("", key).lower() in _ROLE_KEYS
        } - {None}
        return told.pop() if len(told) == 1 else None

    def by_words(self, session: Mapping[str, Any], names: bool = True) -> str | None:
        """Return the owner id that the keys of a session tell, None where they tell none or two.

        ``names``: whether an e-mail or user name counts; it may only have been typed in.
        """
        keyed: dict[str, None] = {}
        called: dict[str, None] = {}
        for key, value in (*session.items(), *_sole_log_in(session)):
            match = _match(key) if type(key) is str else None
            if match is None:
                continue
            noun, kind = match
            if type(value) is dict:
                inner = next((value[name] for name in _IDS if value.get(name) is not None), None)
                texts = [value.get(name) for name in _NAME_KEYS]
            else:
                stands = kind in ("", "id") or (type(value) is str and _UUID.fullmatch(value))
                inner = value if stands else None
                texts = [value]
            found = self._keyed(noun, inner)
            if found is not None:
                keyed[found] = None
            elif names:
                owners = [self._called(text) for text in texts if type(text) is str and text]
                called.update(dict.fromkeys(owner for owner in owners if owner is not None))
        told = keyed or called
        return next(iter(told)) if len(told) == 1 else None

    def _keyed(self, noun: str, value: Any) -> str | None:
        if type(value) not in (int, str):
            return None
        text = str(value)
        number = text.isdecimal() and len(text) <= _LONGEST_ID
        if not noun or not (number or _UUID.fullmatch(text)):
            return None
        prefix = self._prefix_of(noun)
        return None if prefix is None else prefix + text


def _sole_log_in(session: Mapping[str, Any]) -> Iterable[tuple[Any, Any]]:
    """Return what a list of log-ins holds while one account is logged in."""
    for key in _LOG_INS:
        value = session.get(key)
        if type(value) is list and len(value) == 1 and type(value[0]) is dict:
            return value[0].items()
    return ()


@remembered(1_000)
def _match(key: str) -> tuple[str, str] | None:
    """Return ``(noun, kind)`` of a key that names an account; kind ``""`` says neither."""
    if len(key) > 60:
        return None
    found = _KEY.fullmatch(_SQUASH.sub("", key).lower())
    if found is None:
        return None
    noun, kind = found["noun"] or "", found["kind"] or ""
    if kind in _IDS:
        return (noun, "id") if noun else None
    if not noun and kind not in ("email", "emailaddress", "mail"):
        return None
    if kind or not found["lead"]:
        return noun, "name"  # ``admin: 1`` is a switch
    return noun, ""


def account_ids(session: Mapping[str, Any], owner_id: str) -> list[tuple[str, int | str]]:
    """Return key and value of each entry of a session that is the id of its own account.

    ``owner_id``: of whom the session is, with or without what begins the ids of such people. A name
    or an e-mail that stands for an account is no id.
    """
    own = owner_id.rpartition(":")[2]
    if "@" in own:
        return []
    kinds = ("", "id", "name") if own.isdecimal() else ("", "id")  # user: 5
    found: list[tuple[str, int | str]] = []
    for key, value in session.items():
        if type(key) is not str or type(value) not in (int, str) or str(value) != own:
            continue
        match = _match(key)
        if match is not None and match[1] in kinds:
            found.append((key, value))
    return found


def prefix_for(noun: str, tables: Mapping[str, str], tied: bool) -> str | None:
    """Return what begins the ids of the people that ``noun`` names.

    ``tables``: noun of each known table of people → its prefix; ``tied``: whether several tables
    have log-ins, none of them before the others.
    """
    if noun in tables:
        return tables[noun]
    if noun in _GENERIC or noun in LOGIN_NAMES:
        return None if tied else ""
    return None if noun == "client" else f"{noun}s:"  # a program that asks is a client too
