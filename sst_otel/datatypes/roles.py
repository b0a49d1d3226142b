"""E-mail addresses of roles rather than people: ``info@``, ``admin@``, ``noreply@`` (RFC 2142)."""

from __future__ import annotations

import re

MACHINES = frozenset(
    {"noreply", "no-reply", "no_reply", "donotreply", "do-not-reply", "mailer-daemon", "postmaster",
     "abuse", "webmaster", "hostmaster", "git", "svn", "bounce", "bounces", "notifications"}
)  # fmt: skip
"""Mailboxes that are nobody's, whoever's row has them."""
ROLES = frozenset(
    {"info", "support", "help", "contact", "kontakt", "service", "hello", "sales", "admin",
     "office", "team", "billing", "press", "jobs", "careers", "privacy", "legal", "feedback",
     "newsletter", "news", "orders", "shop", "root", "security", "hr", "it", "mail", "contacto",
     "desk", "helpdesk", "marketing", "noc", "ops"}
)  # fmt: skip
"""Mailboxes of whoever is on duty; a person may have one, too."""
_SHORTEST_WORD = 4
_WORDS = re.compile(r"[^\W_]+")


def is_roles(address: object) -> bool:
    """Whether a role reads the mail to ``address``: ``admin@``, ``tracker-admin@``, ``office.de@``.

    Short words count alone only: ``it@``, but not ``anna.it@``.
    """
    if type(address) is not str:
        return False
    local = address.partition("@")[0].strip().lower()
    words = _WORDS.findall(local)
    ends = {word for word in words[:1] + words[-1:] if len(word) >= _SHORTEST_WORD}
    return not ROLES.isdisjoint({local, *ends})
