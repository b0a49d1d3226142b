"""Words that stand where a person's data were: ``Deleted User``, ``anonymous@shop.example``."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W\d_]+(?:/[^\W\d_]+)?")
_GONE = frozenset(
    {"deleted", "removed", "erased", "redacted", "anonymized", "anonymised", "anonymous",
     "anonym", "anon", "unknown", "none", "n/a", "nobody", "placeholder", "gelöscht",
     "gelöschter", "gelöschte", "anonymisiert", "unbekannt", "supprimé", "supprimée",
     "anonyme", "inconnu", "inconnue", "eliminado", "eliminada", "borrado", "anónimo",
     "anónima", "desconocido", "desconocida", "verwijderd", "anoniem", "onbekend",
     "eliminato", "anonimo", "sconosciuto", "usunięty", "nieznany"}
)  # fmt: skip
_WHAT = frozenset(
    {"user", "account", "customer", "member", "person", "name", "client", "guest",
     "visitor", "author", "patient", "employee", "the", "by", "benutzer", "nutzer", "konto",
     "kunde", "mitglied", "utilisateur", "compte", "usuario", "cuenta", "gebruiker",
     "utente"}
)  # fmt: skip
_PICTURED = frozenset(
    {"default", "avatar", "profile", "picture", "pic", "photo", "image", "img", "icon", "blank",
     "empty", "missing", "no", "generic", "silhouette", "person", "gravatar", "mystery"}
)  # fmt: skip
_LONGEST = 60
_NAMELIKE = frozenset({"name", "first_name", "last_name", "username", "email", "city"})


def is_placeholder(data_type: str, text: str) -> bool:
    """Whether ``text`` says that nobody's ``data_type`` is here any more, or was ever told.

    Of an e-mail address the part before the ``@`` tells; the domain ``invalid`` is nobody's
    (RFC 2606). Of a picture the file's name tells: ``/static/default-avatar.png`` is everybody's.
    """
    if data_type == "photo":
        stem = text.rpartition("/")[2].partition(".")[0].lower()
        words = _WORD.findall(stem)
        everybodys = _GONE | _WHAT | _PICTURED
        return bool(words) and everybodys.issuperset(words) and not any(map(str.isdigit, stem))
    if data_type not in _NAMELIKE or len(text) > _LONGEST:
        return False
    text = text.lower()
    if data_type == "email":
        text, _, domain = text.partition("@")
        if domain.rstrip(" .").endswith(".invalid"):
            return True
    words = _WORD.findall(text)
    return not _GONE.isdisjoint(words) and _GONE.union(_WHAT).issuperset(words)
