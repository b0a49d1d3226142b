"""Forty personal values of four people, and everything a person can do with them to a site."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

from tests.system.canary import needles_of
from tests.system.launch import Launched

FORTY: tuple[dict[str, str], ...] = (
    {
        "email": "Zephyrine.Quackenbusch@canary-mail.example",
        "phone": "+4915987654321",
        "full_name": "Zephyrine Quackenbusch",
        "iban": "DE89370400440532013000",
        "card_number": "4111111111111111",
        "street": "7 Quillfeather Lane",
        "national_id": "536-22-8471",
        "passport_number": "C01X00T47",
        "health_condition": "Type 1 diabetes since the autumn of the flood",
        "session_token": "zk3Qp9-Lm2_vTx8Rb5Yw7Nd4",
    },
    {
        "email": "leocadia+shop@thistlewaite-canary.example",
        "phone": "+1 617 555 0142",
        "full_name": "Leocadia Thistlewaite",
        "iban": "GB29NWBK60161331926819",
        "card_number": "5555555555554444",
        "street": "2219 Wharfinger Crescent",
        "national_id": "219-09-9821",
        "passport_number": "X4RTBPFW4",
        "health_condition": "Osteoporosis of the left hip, allergic to penicillin",
        "session_token": "Hf7dKq2PzR0wXn5sVb8jTg1m",
    },
    {
        "email": "o_vandersloot.1979@canary-post.example",
        "phone": "+46701740605",
        "full_name": "Ottokar Vandersloot",
        "iban": "NL91ABNA0417164300",
        "card_number": "4012888888881881",
        "street": "Achterhuisgracht 114",
        "national_id": "402-61-7790",
        "passport_number": "SPECI2014",
        "health_condition": "Chronic migraine, treated with sumatriptan",
        "session_token": "9cVn3LxW6yTq1ZsE8rKp4Bd7",
    },
    {
        "email": "wilhelmine@zwingenbuerger-canary.example",
        "phone": "+34 911 234 567",
        "full_name": "Wilhelmine Zwingenbürger",
        "iban": "FR1420041010050500013M02606",
        "card_number": "5105105105105100",
        "street": "Straße der Köhlerinnen 41",
        "national_id": "318-44-0256",
        "passport_number": "L8M2PQ931",
        "health_condition": "Depression, in therapy with Dr. Habermann",
        "session_token": "Wy2mQv8ZpT4kRx6NsJ0dLf5c",
    },
)
SOUGHT = needles_of({f"{name} {n}": v for n, one in enumerate(FORTY) for name, v in one.items()})
WRONG = "a form that is wrong"
_ALONE = {"/log-out"}
"""Routes after which the others would answer with the log-in page."""


def routes_of(told: list[tuple[str, list[str]]]) -> Iterator[tuple[str, str]]:
    """Yield method and path pattern of every route; what ends the session comes last."""
    for rule, methods in sorted(told, key=lambda one: one[0] in _ALONE):
        for method in methods:
            yield method, rule


def forms_of(values: dict[str, str]) -> dict[str, str]:
    """Return the forms of all routes in one, with nothing but this person's values in them."""
    first, last = values["full_name"].split()
    return {
        **values,
        "first_name": first,
        "last_name": last,
        "birthday": "1987-11-29",
        "gender": "female",
        "city": "Hintertupfingen",
        "income": "73219846",
        "password": f"correct horse {values['session_token']}",
        "amount": "312",
        "category": values["iban"],
        "name": values["street"],
        "saved": "5000",
        "target": "50000",
        "topic": f"{values['health_condition']}, ask {values['email']}",
    }


def live(app: Launched, values: dict[str, str], told: list[tuple[str, list[str]]]) -> Codes:
    """Sign up and log in, then send everything to every route; return the answers' codes."""
    codes: Codes = {}
    paths = {rule for rule, _ in told}
    sign_up = "/sign-up" if "/sign-up" in paths else "/signup"
    log_in = "/log-in" if "/log-in" in paths else "/login"
    with app.client() as client:
        client.cookies.set("contact", values["email"])
        form = forms_of(values)

        def send(method: str, path: str, **given: Any) -> int:
            headers = {"X-Contact": values["email"], "X-Note": values["iban"]}
            headers["Connection"] = "close"  # as uvicorn does after a view has failed
            answer = client.request(method, app.url + path, headers=headers, timeout=60, **given)
            return answer.status_code

        for path in (sign_up, log_in):
            assert send("POST", path, data=form) < 400, path
        for method, rule in routes_of(told):
            path = re.sub(r"<int:\w+>", "4711", rule)
            path = re.sub(r"<[^>]+>", values["email"], path)
            found = codes.setdefault((method, rule), set())
            found.add(send(method, path, params={**values, **_otherwise(values)}))
            if method != "GET":
                found.add(send(method, path, data=form))
                found.add(send(method, path, data=form, files=_files(values)))
                found.add(send(method, path, json=_document(values)))
        send("GET", f"/nobody/{values['email']}/{values['full_name']}")
        wrong = {**form, "birthday": values["email"], "income": values["full_name"]}
        codes["POST", WRONG] = {send("POST", sign_up, data=wrong)}
    return codes


Codes = dict[tuple[str, str], set[int]]
"""Method and path pattern → the codes it answered with."""


def _document(values: dict[str, str]) -> dict[str, Any]:
    """Return values as values and as keys, and what the routes that take JSON need."""
    return {
        values["email"]: values,
        values["phone"]: {values["iban"]: [values["full_name"]]},
        "item": values["card_number"],
        "contact": {"email": values["email"]},
    }


def _files(values: dict[str, str]) -> dict[str, tuple[str, str]]:
    text = "\n".join(f"{name}: {value}" for name, value in values.items())
    return {"document": (f"{values['email']}.txt", text)}


def _otherwise(values: dict[str, str]) -> dict[str, str]:
    """Return values in codes, escapes and digests, as careless links have them."""
    mail, card = values["email"], values["card_number"]
    lower = mail.lower().encode()
    return {
        "q1": "".join(f"\\u{ord(each):04x}" for each in mail),
        "q2": "".join(f"&#{ord(each)};" for each in mail),
        "q3": mail.encode().hex().upper(),
        "q4": base64.urlsafe_b64encode(mail.encode()).decode(),
        "c1": base64.urlsafe_b64encode(json.dumps({"n": values["full_name"]}).encode()).decode(),
        "q5": " ".join(card[at : at + 4] for at in range(0, len(card), 4)),
        "q6": "-".join(card[at : at + 4] for at in range(0, len(card), 4)),
        "q7": mail.upper(),
        "h1": hashlib.md5(lower).hexdigest(),
        "h2": hashlib.sha1(lower).hexdigest().upper(),
        "h3": hashlib.sha256(lower).hexdigest(),
        "h4": hashlib.sha512(lower).hexdigest(),
        "h5": base64.b64encode(hashlib.sha256(lower).digest()).decode(),
        "h6": base64.urlsafe_b64encode(hashlib.sha512(lower).digest()).decode(),
        "h7": hashlib.sha256(card.encode()).hexdigest(),
        "h8": hashlib.sha256(re.sub(r"\D", "", values["phone"]).encode()).hexdigest(),
        "h9": hashlib.sha256(values["street"].lower().encode()).hexdigest(),
    }
