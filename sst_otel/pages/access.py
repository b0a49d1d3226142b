"""Who may see what: the person of a signed session their own rows, staff all, everyone else none.

Headers and unverified tokens say whose data a request carries, but they open nothing here.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sst_otel.keys import Keys

Environ = dict[str, Any]
PersonOf = Callable[[Environ], "str | None"]
"""Gives the owner id of the signed session of a request, or None."""

COOKIE = "sst_staff"
STAFF_SECONDS = 8 * 3600


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who may look."""

    owner_id: str | None
    """The person's own id; ``None`` for staff, who see everybody's rows."""
    by_cookie: bool = False

    @property
    def staff(self) -> bool:
        """Whether everybody's rows may be seen."""
        return self.owner_id is None


class Access:
    """Tells viewers apart. ``staff_token`` unset or empty means that there is no staff."""

    def __init__(
        self,
        keys: Keys,
        staff_token: str | None,
        person_of: PersonOf | None,
        now: Callable[[], float],
    ) -> None:
        self._keys = keys
        self._token = staff_token or None
        self._person_of = person_of
        self._now = now

    @property
    def has_staff(self) -> bool:
        """Whether a staff token is set."""
        return self._token is not None

    @property
    def has_people(self) -> bool:
        """Whether the people of an application can see their own rows here."""
        return self._person_of is not None

    def viewer(self, environ: Environ) -> Viewer | None:
        """Return who is looking, or None.

        A wrong bearer token is no staff, but does not shut the person of the session out: the
        application may use bearer tokens of its own.
        """
        if self._bears_token(environ):
            return Viewer(None)
        if self._has_cookie(environ):
            return Viewer(None, by_cookie=True)
        person = self._person_of(environ) if self._person_of is not None else None
        return Viewer(person) if person else None

    def is_token(self, text: str) -> bool:
        """Whether ``text`` is the staff token, compared in constant time."""
        if self._token is None:
            return False
        return hmac.compare_digest(text.encode(), self._token.encode())

    def cookie(self) -> str:
        """Return a value for :data:`COOKIE` that is good for :data:`STAFF_SECONDS`."""
        claim = f"{int(self._now()) + STAFF_SECONDS}.{secrets.token_hex(8)}"
        return f"{claim}.{self._signature(claim)}"

    def _bears_token(self, environ: Environ) -> bool:
        scheme, _, credentials = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        # WSGI gives header bytes as latin-1 text.
        text = credentials.strip().encode("latin-1", "replace").decode("utf-8", "replace")
        return bool(scheme.lower() == "bearer" and self.is_token(text))

    def _has_cookie(self, environ: Environ) -> bool:
        if self._token is None:
            return False
        # Not http.cookies: it drops every cookie after one of the application's that it dislikes.
        for pair in environ.get("HTTP_COOKIE", "").split(";"):
            name, _, value = pair.strip().partition("=")
            if name == COOKIE and self._is_valid(value):
                return True
        return False

    def _is_valid(self, value: str) -> bool:
        claim, _, signature = value.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(claim).encode()):
            return False
        return int(claim.partition(".")[0]) > self._now()

    def _signature(self, claim: str) -> str:
        # Bound to the token, so that changing the token signs everybody out.
        token = hashlib.sha256((self._token or "").encode()).hexdigest()
        return self._keys.sign("staff-cookie", f"{claim}|{token}")
