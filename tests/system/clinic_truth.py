"""What the practice's scenario does, and who gets what of whom by it: written from the source.

A share is (function that makes the call, person, data types). ``derived`` and its parents count
as the tracker's contract has them.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import requests

from tests.support import Vendor
from tests.system.launch import wait_until

Share = tuple[str, str, tuple[str, ...]]

ANNA: dict[str, Any] = {
    "vorname": "Annegret",
    "nachname": "Weiß",
    "geburtsdatum": "03.11.1974",
    "email": "annegret.weiss@posteo.example",
    "telefon": "+49 170 5551234",
    "pin": "geheim-4711-x",
    "anschrift": {"strasse": "Lindenallee 17", "plz": "03046", "wohnort": "Cottbus"},
    "versicherung": {"krankenkasse": "Barmer", "versichertennummer": "A123456780"},
}
BERND: dict[str, Any] = {
    "vorname": "Bernd",
    "nachname": "Schönfelder",
    "geburtsdatum": "29.02.1980",
    "email": "b.schoenfelder@mailbox.example",
    "telefon": "+49 151 23456789",
    "pin": "noch-ein-geheimnis",
    "anschrift": {"strasse": "Am Anger 3", "plz": "03046", "wohnort": "Cottbus"},
    "versicherung": {"krankenkasse": "Barmer", "versichertennummer": "T987654321"},
}
IBANS = {"1": "DE89370400440532013000", "2": "DE02120300000000202051"}
LAB = "email;telefon;wert\nclara.lab@web.example;+49 160 7654321;5,4\n"
MOVED = {"strasse": "Ringstraße 99", "plz": "01067", "wohnort": "Dresden"}
PROFILE = (
    "birthday", "city", "email", "first_name", "health_insurance", "last_name", "phone",
    "postal_code", "street_address",
)  # fmt: skip

OF_A_PERSON: list[tuple[str, tuple[str, ...]]] = [
    ("add_patient", (*PROFILE, "password")),
    ("send_mail", ("email", "first_name", "last_name")),
    ("change_contact", ("city", "phone", "postal_code", "street_address")),
    ("sync_contact", PROFILE),
    ("add_appointment", ("health",)),
    ("send_sms", ("first_name", "last_name", "phone")),
    ("add_to_calendar", ("first_name", "last_name")),
    ("tell_campaign", ("email", "phone")),
    ("insured", ("health_insurance",)),
    ("prescribe", ("birthday", "first_name", "health", "health_insurance", "last_name")),
    ("charge", ("bank_account", "name")),
    ("ask_model", ("birthday", "derived")),
    ("picture", ("email",)),
    ("report_error", ("email",)),
    ("archive", (*PROFILE, "password")),  # the whole row: the plain digest of the pin too
    ("send_mail", ("email", "first_name", "last_name")),
]
TRUTH: Counter[Share] = Counter(
    (function, person, tuple(sorted(types)))
    for person in ("1", "2")
    for function, types in OF_A_PERSON
)
TRUTH["send_lab_file", "clara", ("email", "phone")] += 1

CLEAN = [
    *("hours", "insurers", "paint", "ping", "usage", "weather", "flags", "template", "room"),
]
CLEAN_CALLS = 2 * (len(CLEAN) + 1) + 2
"""Each daily job twice (``usage`` also writes a count), an anonymous survey by two people."""


def run(url: str, vendor: Vendor) -> None:
    """Run the scenario: two patients, an office, a laboratory."""
    client = requests.Session()
    client.trust_env = False

    def send(method: str, path: str, **kwargs: Any) -> requests.Response:
        answer = client.request(method, url + path, timeout=60, **kwargs)
        assert answer.ok, (path, answer.text)
        return answer

    for number, person in (("1", ANNA), ("2", BERND)):
        made = send("POST", "/api/v1/registrierung", json=person).json()
        assert str(made["nummer"]) == number
        credentials = {"email": person["email"], "pin": person["pin"]}
        token = send("POST", "/api/v1/anmeldung", json=credentials).json()["token"]
        bearer = {"Authorization": f"Bearer {token}"}

        def act(path: str, body: Any, method: str = "POST", bearer: Any = bearer) -> None:
            send(method, f"/api/v1/{path}", json=body, headers=bearer)

        act("kontakt", {"telefon": person["telefon"], "anschrift": MOVED}, "PUT")
        act("termine", {"wann": "2026-12-01T08:20", "diagnose": "Migräne mit Aura"})
        act("rezept", {"medikament": "Sumatriptan 50 mg"})
        holder = f"{person['vorname']} {person['nachname']}"
        act("zahlung", {"iban": IBANS[number], "kontoinhaber": holder})
        act("frage", {"symptome": "Kopfschmerzen seit gestern"})
        act("fehler", {})
        act("archiv", {})
        for what in CLEAN:
            send("POST", f"/intern/taeglich/{what}")
        send("POST", "/intern/umfrage", json={"zufrieden": 5})
    send("POST", "/intern/befunde", files={"datei": ("befunde.csv", LAB, "text/csv")})
    send("POST", "/intern/digest")
    wait_until(lambda: _mails(vendor) == 4)


def _mails(vendor: Vendor) -> int:
    return sum(path == "/mail/send" for _, path, _ in list(vendor.received))
