"""What recognising costs: one payload looked up, against ``json.dumps`` of the same payload.

Registered values do not stand in the payload unless hits are said. Also what it takes to register
and index a value: time, and bytes by ``tracemalloc``. Ratios are of thread CPU, best of several.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import time
import tracemalloc
from collections.abc import Callable
from urllib.parse import urlencode

from sst_otel.datatypes import FieldClassifier, load_taxonomy
from sst_otel.matching.matcher import Matcher
from sst_otel.registry.registry import Registry
from sst_otel.scope import PROCESS
from sst_otel.shares import Part
from sst_otel.tags import Minter

CLASSIFIER = FieldClassifier(load_taxonomy())
MINTER = Minter(b"k" * 32)
WORDS = (
    "order item quality winter summer jacket trail shoe blue green size medium large stock",
    "warehouse shelf delivery express standard note campaign channel version page view session",
    "duration product catalogue category price discount voucher total amount currency status",
)
VOCABULARY = " ".join(WORDS).split()
COUNTS = (100, 1_000, 10_000, 100_000)
FIRST = ("Maarten", "Ilse", "Bram", "Noor", "Daan", "Sanne", "Tijs", "Fleur", "Koen", "Roos")


def person(number: int) -> list[tuple[str, str]]:
    """Return five values of one person."""
    name = f"{FIRST[number % 10]} Vanderquist{number}"
    return [
        ("email", f"m.vanderquist{number}@mail{number % 50}.example.com"),
        ("name", name),
        ("phone", f"+31 6 {20_000_000 + number}"),
        ("street_address", f"{number} Keizersgracht"),
        ("ip_address", f"81.{number % 200}.{number // 200 % 250}.{number // 50_000 + 7}"),
    ]


def registry_of(values: int) -> Registry:
    """Return a registry that holds this many values."""
    registry = Registry(10_000_000, 3_600, time.monotonic)
    for number in range(values // 5):
        owner = MINTER.owner(str(number))
        for data_type, value in person(number):
            registry.add(owner, data_type, value, "db:users." + data_type)
    registry.indexes()
    return registry


def document(size: int, hits: int) -> dict[str, object]:
    """Return a JSON-like document of about ``size`` bytes with ``hits`` registered values."""
    randomly = random.Random(7)
    items: list[object] = []
    found = {f"v{n}": value for n, (_, value) in enumerate(person(3)[:hits])}
    made: dict[str, object] = {"kind": "batch", "items": items, **found}
    while len(json.dumps(made)) < size:
        items.append(
            {
                "sku": f"SKU-{randomly.randrange(10**6)}",
                "title": " ".join(randomly.choices(VOCABULARY, k=4)),
                "count": randomly.randrange(50),
                "price": round(randomly.random() * 100, 2),
                "gift": False,
            }
        )
    return made


def prose(size: int, hits: int) -> str:
    """Return plain text of about ``size`` bytes."""
    randomly = random.Random(7)
    words = [value for _, value in person(3)[:hits]]
    while len(" ".join(words)) < size:
        words += randomly.choices(VOCABULARY, k=8)
        words[-1] += "."
    return " ".join(words)


def payload(kind: str, size: int, hits: int) -> tuple[object, tuple[Part, ...]]:
    """Return what ``json.dumps`` is measured on, and the parts that are looked up."""
    if kind == "JSON":
        tree = document(size, hits)
        return tree, (Part("body", json.dumps(tree).encode()),)
    if kind == "JSON, also as object":
        tree = document(size, hits)
        return tree, (Part("body", json.dumps(tree).encode()), Part("json", tree))
    if kind == "prose":
        text = prose(size, hits)
        return text, (Part("body", text.encode()),)
    pairs = {f"field_{n}": str(word) for n, word in enumerate(prose(size, hits).split(". "))}
    return pairs, (Part("body", urlencode(pairs).encode()),)


def best(function: Callable[[], object]) -> float:
    """Return the CPU microseconds of one call, best of 9 rounds of about 10 ms."""
    began = time.thread_time()
    function()
    once = max(time.thread_time() - began, 1e-6)
    number = max(1, int(0.01 / once))
    rounds = []
    for _ in range(9):
        began = time.thread_time()
        for _ in range(number):
            function()
        rounds.append((time.thread_time() - began) / number)
    return min(rounds) * 1e6


def lookups(counts: tuple[int, ...]) -> None:
    """Print the look-up table."""
    registries = {count: registry_of(count) for count in counts}
    print(
        f"\none look-up, x of json.dumps, by number of values\n{'payload':34}{'dumps us':>9}",
        end="",
    )
    print("".join(f"{count:>9,}" for count in counts))
    kinds = ("JSON", "JSON, also as object", "prose", "form")
    for kind in kinds:
        for size in (200, 2_000, 20_000):
            for hits in (0, 1, 5) if size == 2_000 else (0,):
                tree, parts = payload(kind, size, hits)
                dumps = best(lambda tree=tree: json.dumps(tree))  # type: ignore[misc]
                row = ""
                for registry in registries.values():
                    matcher = Matcher(registry, CLASSIFIER.names_type)
                    if kind == "JSON, also as object":
                        spent = best(lambda: matcher.match(parts[:1], PROCESS, parts[1:]))  # noqa: B023
                    else:
                        spent = best(lambda: matcher.match(parts, PROCESS))  # noqa: B023
                    row += f"{spent / dumps:>8.2f}x"
                label = f"{kind}, {size:,} B" + (f", {hits} hits" if hits else "")
                print(f"{label:34}{dumps:>9.1f}{row}")


def registering(values: int) -> None:
    """Print what adding and indexing one value costs."""
    people = [
        (MINTER.owner(str(number)), person(number))
        for number in range(1_000_000, 1_000_000 + values // 5)
    ]
    registry = Registry(10_000_000, 3_600, time.monotonic)
    gc.collect()
    began = time.thread_time()
    for owner, found in people:
        for data_type, value in found:
            registry.add(owner, data_type, value, "db:users.x")
    added = time.thread_time()
    registry.indexes()
    indexed = time.thread_time()
    print(f"\nregistering {values:,} values: add {(added - began) / values * 1e6:.1f} us, ", end="")
    print(f"index {(indexed - added) / values * 1e6:.1f} us a value", end="")
    registry.clear()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for owner, found in people:
        for data_type, value in found:
            registry.add(owner, data_type, value, "db:users.x")
    bare = tracemalloc.get_traced_memory()[0]
    registry.indexes()
    whole = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    print(
        f"; {(bare - before) / values:.0f} B without, {(whole - before) / values:.0f} B with index"
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=100_000, help="values in the largest registry")
    options = parser.parse_args()
    lookups(tuple(count for count in COUNTS if count <= options.most))
    registering(min(options.most, 20_000))


if __name__ == "__main__":
    main()
