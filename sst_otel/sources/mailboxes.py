"""Addresses in rows that are nobody's own: a queue's mailbox, the sender of a mail, its recipients.

A table of teams has e-mail addresses and telephone numbers too, by which they are reached, and so
has what is published under a name of its own: an event, a form, a mailing list. An application's
own sender stands in every row of what it has sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from sst_otel.datatypes.tokens import singular_candidates
from sst_otel.sources.accounts import target_of

_REACHED = frozenset({"email", "phone"})
"""Types by which one is reached: things can be, too."""
_PLACES = frozenset(
    {"geo_coarse", "geo_precise", "street_address", "city", "region", "postal_code", "country"}
)
_UNITS = frozenset(
    {"queue", "mailbox", "inbox", "channel", "topic", "team", "group", "department", "site"}
    | {"template", "server", "gateway", "config", "configuration", "role", "workflow", "webhook"}
    | {"mailinglist", "list", "newsletter", "forum", "field"}
)
"""What an application is organised by. A shop may be one person's, an event or a form about one."""
_SITES = frozenset(
    {"location", "place", "venue", "depot", "warehouse", "building", "room", "station", "facility"}
)
"""Where an application's things are. People's rows may refer to such rows: there they live."""
_CONFIGURED = frozenset({"config", "configuration"})
_KEY = re.compile(r"_(id|fk|ptr)$")
_LABELS = frozenset({"name", "display_name", "title", "label"})
_SLUGS = frozenset({"slug", "permalink"})
"""What stands in the address of a page: things are published under it, guests' rows are not."""
_PARTIES = frozenset({"client", "tenant", "account", "customer", "consumer", "workspace"})
"""May be people, and may be companies or programs that a service is run for."""
_SERVED = _SLUGS | {"domain", "subdomain", "logo", "logo_url", "schema_name"}
_SERVED |= {"client_secret", "redirect_uri", "redirect_uris", "grant_types"}
"""What companies and programs have, and people do not."""
_WATCHING = re.compile(
    r"(^|_)(reminder|alert|notification|notify|warning|report|support|abuse|reservation)s?"
    r"_(e?mail|email_address)$"
)
_MOST_OF_A_SETTING = 4
_SENDER = re.compile(
    r"(^|_)(sender|from|from_?(e?mail|addr|address|name)|mail_?from|reply_?to|return_?path"
    r"|noreply|no_reply)$"
)
_SEVERAL = re.compile(
    r"(^|_)(recipients|receivers|addressees|emails|mails|addresses|e?mail_to"
    r"|b?cc|ccs|to_list|copies)$"
)


def is_sender(column: str) -> bool:
    """Whether a column names what mail of the row's is sent from, and answered to."""
    return _SENDER.search(column.lower()) is not None


def names_several(column: str) -> bool:
    """Whether a column may hold the addresses of several people, none of them the row's own."""
    return _SEVERAL.search(column.lower()) is not None


def is_things(
    table: Any, types: Mapping[str, str], identifying: frozenset[str], is_personal: bool
) -> bool:
    """Whether a table's rows are things that one can write to or call: queues, teams, events.

    ``types``: column → data type; ``identifying``: the types by which people are told;
    ``is_personal``: whether the table's name says that its rows are people.
    """
    called = {column for column, kind in types.items() if kind == "name" and column in _LABELS}
    told = {kind for name, kind in types.items() if name not in called} & identifying
    if not told <= _REACHED:
        return False
    if _is_one_of(_UNITS, table):
        return bool(told or called)
    if _is_settings(table) or (not told and _is_served(table)):
        return True
    if not told or is_personal:
        return False
    return (not called and _is_published(table)) or _is_watched(table, types)


def is_site(
    table: Any,
    types: Mapping[str, str],
    identifying: frozenset[str],
    is_personal: Callable[[str], bool],
) -> bool:
    """Whether rows are places that are called something: where a club meets, a shop's store.

    As ``is_things`` has it; ``is_personal``: whether the name of a table, or of what a row refers
    to, is one of people: where somebody has been is theirs.
    """
    called = {column for column, kind in types.items() if kind == "name" and column in _LABELS}
    told = {kind for name, kind in types.items() if name not in called} & identifying
    return (
        _is_one_of(_SITES, table)
        and told <= _REACHED
        and not _LABELS.isdisjoint(table.columns.keys())
        and not _is_of_people(table, is_personal)
    )


def is_configuration(table: Any, is_personal: Callable[[str], bool]) -> bool:
    """Whether rows are an application's configuration, a column for each setting.

    ``is_personal``: as ``is_site`` has it.
    """
    return _is_one_of(_CONFIGURED, table) and not _is_of_people(table, is_personal)


def _is_of_people(table: Any, is_personal: Callable[[str], bool]) -> bool:
    """Whether a table is called as people are, or what its rows refer to; or that may be so.

    Of a table that is known from some statements alone the rest may tell of somebody.
    """
    if not getattr(table, "declared", True):
        return True
    columns = [name.lower() for name in table.columns.keys()]  # noqa: SIM118
    referred = [_KEY.sub("", name) for name in columns if _KEY.search(name)]
    targets = [target_of(table, column.name) for column in table.columns if column.foreign_keys]
    names = [*referred, table.name, *(found.name for found in targets if found is not None)]
    return any(is_personal(name) for name in names)


def without_mailboxes(types: Mapping[str, str]) -> dict[str, str]:
    """Return the types of a table of things without what they are called, where, and reached by."""
    return {
        column: kind
        for column, kind in types.items()
        if kind not in _REACHED | _PLACES
        and not (kind == "name" and column in _LABELS)
        and not (kind == "user_id" and column == "id")
    }


def _is_one_of(nouns: frozenset[str], table: Any) -> bool:
    """Whether a table's name ends in one of ``nouns``."""
    noun = table.name.lower().rpartition("_")[2]
    return any(form in nouns for form in (noun, *singular_candidates(noun)))


def _is_served(table: Any) -> bool:
    """Whether rows are whom a service is run for, and not one of them is told like a person."""
    return not _SERVED.isdisjoint(table.columns.keys()) and _is_one_of(_PARTIES, table)


def _is_settings(table: Any) -> bool:
    """Whether rows are an application's settings: names and values, nobody's."""
    names = {name.lower() for name in table.columns.keys()}  # noqa: SIM118
    return (
        "value" in names
        and bool(names & {"name", "key", "option"})
        and len(names) <= _MOST_OF_A_SETTING
        and not any(column.foreign_keys for column in table.columns)
    )


def _is_published(table: Any) -> bool:
    """Whether rows are published under a name; of a class that inherits the parent's are, too."""
    keys = list(table.primary_key.columns)
    parent = target_of(table, keys[0].name) if len(keys) == 1 else None
    return any(_SLUGS & set(found.columns.keys()) for found in (table, parent) if found is not None)


def _is_watched(table: Any, types: Mapping[str, str]) -> bool:
    """Whether rows are called something and have but addresses that are told of them."""
    addresses = [column for column, kind in types.items() if kind == "email"]
    called = not _LABELS.isdisjoint(table.columns.keys())
    return (
        called and bool(addresses) and all(_WATCHING.search(column.lower()) for column in addresses)
    )
