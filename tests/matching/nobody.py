"""Two hundred people who are known, and thousands of payloads about others, or about nobody.

Payloads are made by a fixed seed, in the shapes that applications send, of words and numbers like
those people's: the same first names, family names, cities, incomes and days, other persons. What a
live person has alone (an address, a number) stands in none of them.
"""

from __future__ import annotations

import datetime
import gzip
import hashlib
import json
import random
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

from sst_otel.shares import Part


def _words(text: str) -> list[str]:
    return text.split()


FIRST = _words(
    "Ann Bea Carl Dora Emil Fay Gus Hana Ivo Jane Karl Lena Mark Nora Otto Paris Rose Sofia "
    "Tom Virginia Will Grace May April Chase Hunter Lily Max Summer Victor"
)
LAST = _words(
    "Smith Jones Keller Moser Baker Stone Fischer Novak Costa Meyer Young Price Wood King Rivers "
    "Long Short Green Brown White Black Page Case Field Park Hill Day Law Banks Cook"
)
CITIES = _words("Boston Paris Berlin Reading Nice Orange Split Essen Mobile Phoenix Bath Cork")
STREETS = ("Main Street", "High Street", "Oak Avenue", "Station Road", "Park Lane", "Elm Street")
MAIL_HOSTS = ("example.com", "example.org", "mail.example.net")
INCOMES = tuple(range(30_000, 130_000, 2_500))
WORDS = _words(
    "order paid new page mark will may price case field day law cook rose long short green stock "
    "report summer grace hunter chase item delivered to nice reading split phoenix mobile in on"
)
LIVE, PAYLOADS = 200, 2_000


class Somebody:
    """A person: number ``n`` of the live ones, or one whom nobody here knows."""

    def __init__(self, dice: random.Random, number: int) -> None:
        self.number = number
        self.first, self.last = dice.choice(FIRST), dice.choice(LAST)
        self.city, self.income = dice.choice(CITIES), dice.choice(INCOMES)
        self.gender = dice.choice(("female", "male"))
        self.birthday = datetime.date(1950, 1, 1) + datetime.timedelta(dice.randrange(20_000))
        self.mail = f"{self.first}.{self.last}{number}@{dice.choice(MAIL_HOSTS)}".lower()
        self.phone = f"+1 {dice.randrange(200, 980)} 555 {number:04d}"
        self.street = f"{number} {dice.choice(STREETS)}"
        self.postcode = f"{dice.randrange(10_000, 99_999)}"
        self.card = f"4111 {number:04d} {dice.randrange(1_000, 9_999)} 1111"
        self.address = f"81.{number // 250}.{number % 250}.{dice.randrange(2, 250)}"

    def values(self) -> dict[str, Any]:
        """Return what an application keeps of a person, by data type."""
        return {
            "user_id": str(self.number),
            "email": self.mail,
            "name": f"{self.first} {self.last}",
            "first_name": self.first,
            "last_name": self.last,
            "phone": self.phone,
            "birthday": self.birthday,
            "gender": self.gender,
            "city": self.city,
            "income": self.income,
            "street_address": self.street,
            "postcode": self.postcode,
            "payment_card": self.card,
            "ip_address": self.address,
        }


def everybody() -> list[Somebody]:
    """Return the two hundred."""
    dice = random.Random(7)
    return [Somebody(dice, number) for number in range(1, LIVE + 1)]


TAKEN = {(person.first, person.last) for person in everybody()}


def hexes(dice: random.Random) -> Any:
    """Digests and identifiers of anything, 300 of them."""
    made = [hashlib.sha256(dice.randbytes(20)).hexdigest() for _ in range(200)]
    made += [hashlib.md5(dice.randbytes(9)).hexdigest() for _ in range(50)]
    made += [str(uuid.UUID(bytes=dice.randbytes(16), version=4)) for _ in range(50)]
    return {"data": [{"event_id": made[n], "em": [made[n + 1]]} for n in range(299)]}


def record_of(one: Somebody) -> dict[str, Any]:
    """Return what a shop sends of a customer."""
    return {
        "id": one.number,
        "email": one.mail,
        "phone": one.phone,
        "last_name": one.last,
        "first_name": one.first,
        "birthday": one.birthday.isoformat(),
        "income": one.income,
        "address": {"line1": one.street, "city": one.city, "zip": one.postcode},
    }


def another(dice: random.Random) -> Any:
    """A record of somebody who is not known here, nor a namesake of those who are."""
    one = Somebody(dice, dice.randrange(1_000, 9_999))
    while (one.first, one.last) in TAKEN:
        one = Somebody(dice, one.number)
    return {
        "customer": record_of(one),
        "em": hashlib.sha256(one.mail.encode()).hexdigest(),
        "ph": hashlib.sha256(one.phone.encode()).hexdigest(),
        "fn": hashlib.sha256(one.first.lower().encode()).hexdigest(),
    }


def rows_of_others(dice: random.Random) -> Any:
    """A table of twenty of them."""
    return [another(dice)["customer"] for _ in range(20)]


def aggregates(dice: random.Random) -> Any:
    """Counts and sums by city, gender and band."""
    return {
        "by_city": {city: dice.randrange(500) for city in CITIES},
        "by_gender": {"female": dice.randrange(300), "male": dice.randrange(300)},
        "income": {"mean": dice.choice(INCOMES), "median": dice.choice(INCOMES), "n": LIVE},
        "top_names": dice.sample(FIRST, 5),
        "cohort": dice.choice(FIRST[:5]),
        "total": dice.choice(INCOMES) * 12,
    }


def catalogue(dice: random.Random) -> Any:
    """Goods whose names, colours and prices are words and numbers like anybody's."""
    return {
        "items": [
            {
                "sku": f"{dice.choice(WORDS)}-{dice.randrange(10_000, 99_999)}",
                "title": " ".join(dice.sample(WORDS, 4)).title(),
                "brand": dice.choice(LAST),
                "model": dice.choice(FIRST),
                "price": dice.choice(INCOMES),
                "stock": dice.randrange(LIVE),
                "origin": dice.choice(CITIES),
                "released": (
                    datetime.date(1950, 1, 1) + datetime.timedelta(dice.randrange(20_000))
                ).isoformat(),
            }
            for _ in range(dice.randrange(1, 12))
        ],
        "order": dice.randrange(10**9, 10**12),
        "page": dice.randrange(LIVE),
    }


def telemetry(dice: random.Random) -> Any:
    """Spans as exporters send them."""
    return {
        "resourceSpans": [
            {
                "traceId": dice.randbytes(16).hex(),
                "spanId": dice.randbytes(8).hex(),
                "name": f"GET /{dice.choice(WORDS)}/{{id}}",
                "startTimeUnixNano": str(dice.randrange(10**18, 2 * 10**18)),
                "attributes": [
                    {"key": "host.name", "value": {"stringValue": dice.choice(CITIES).lower()}},
                    {"key": "http.response.status_code", "value": {"intValue": 200}},
                    {"key": "net.peer.port", "value": {"intValue": dice.randrange(1_000, 65_000)}},
                ],
            }
        ]
    }


def sentence(dice: random.Random) -> Any:
    """Running text of the words that names and cities are, too."""
    some = [dice.choice((*WORDS, *FIRST, *CITIES, *map(str, range(200)))) for _ in range(60)]
    return {"messages": [{"role": "user", "content": ", ".join(some) + "."}]}


def statsd(dice: random.Random) -> str:
    """Lines of metrics."""
    return "\n".join(
        f"app.{dice.choice(WORDS)}.{dice.choice(CITIES).lower()}:{dice.choice(INCOMES)}|c"
        for _ in range(30)
    )


def exposition(dice: random.Random) -> str:
    """Metrics as Prometheus takes them."""
    return "\n".join(
        f'requests_total{{path="/{dice.choice(WORDS)}",host="{dice.choice(FIRST).lower()}",'
        f'le="{dice.choice(INCOMES)}"}} {dice.randrange(10**6)}'
        for _ in range(30)
    )


def log(dice: random.Random) -> str:
    """Lines of a program's log."""
    return "\n".join(
        f"{datetime.datetime(2026, 5, 17, 8, dice.randrange(60))} INFO app.{dice.choice(WORDS)} "
        f"{dice.choice(WORDS)} {dice.choice(FIRST)} took {dice.randrange(900)} ms id="
        f"{dice.randrange(10**8)}"
        for _ in range(30)
    )


def page(dice: random.Random) -> str:
    """A page made of a template."""
    goods = "".join(
        f"<li>{dice.choice(LAST)} {dice.choice(WORDS)}: {dice.choice(INCOMES)}</li>"
        for _ in range(20)
    )
    return f"<html><h1>{dice.choice(CITIES)} {dice.choice(WORDS)}</h1><ul>{goods}</ul></html>"


TREES: tuple[Callable[[random.Random], Any], ...] = (
    *(hexes, another, rows_of_others, aggregates, catalogue, telemetry, sentence),
)
TEXTS: tuple[Callable[[random.Random], str], ...] = (statsd, exposition, log, page)


def table(rows: list[dict[str, Any]]) -> str:
    """Write flat rows as CSV."""
    names = [name for name in rows[0] if name != "address"]
    lines = [",".join(str(row[name]) for name in names) for row in rows]
    return "\n".join([",".join(names), *lines])


def sent(dice: random.Random, tree: Any) -> list[Part]:
    """Return a tree as one of the ways it is sent in."""
    way = dice.randrange(6)
    body = json.dumps(tree).encode()
    if way == 0:
        return [Part("body", gzip.compress(body))]
    if way == 1:
        return [Part("body", urlencode({"payload": body.decode(), "v": 2}).encode())]
    if way == 2 and type(tree) is dict:
        flat = {name: value for name, value in tree.items() if type(value) in (str, int)}
        return [Part("url", f"https://t.example/{dice.choice(WORDS)}?{urlencode(flat)}")]
    if way == 3:
        head = f'--b1\r\nContent-Disposition: form-data; name="{dice.choice(WORDS)}"\r\n\r\n'
        return [Part("body", head.encode() + body + b"\r\n--b1--\r\n")]
    if way == 4 and type(tree) is list:
        return [Part("body", table(tree).encode())]
    return [Part("json", tree), Part("body", body)]


def payloads(seed: int) -> Iterator[tuple[str, list[Part]]]:
    """Yield each payload with the name of what made it."""
    dice = random.Random(seed)
    for number in range(PAYLOADS):
        if number % 3:
            make = TREES[number % len(TREES)]
            yield make.__name__, sent(dice, make(dice))
        else:
            text = TEXTS[number % len(TEXTS)]
            yield text.__name__, [Part("body", text(dice).encode())]
