"""Libraries of others whose functions are pure: known by their package, followed by the result."""

from __future__ import annotations

from sst_otel.lineage.functions.rules import Follow, by_result, encodes, pieces, serialises

NUMERIC = frozenset({"numpy", "pandas", "polars", "scipy", "statsmodels"})
"""Packages that compute: a number in a result that was not given was computed."""
THIRD_PARTY = NUMERIC | frozenset(
    {
        *("dateutil", "pytz", "pendulum", "arrow", "humanize", "babel", "phonenumbers"),
        *("slugify", "unidecode", "text_unidecode", "inflection", "titlecase", "ftfy"),
        *("email_validator", "validators", "nameparser", "titlecase", "tabulate", "markdown"),
        *("orjson", "ujson", "simplejson", "rapidjson", "yaml", "msgpack", "cbor2", "msgspec"),
        *("toml", "tomli_w", "xmltodict", "dicttoxml", "jwt", "jose", "itsdangerous", "bleach"),
        *("nh3", "markupsafe", "jinja2", "mistune", "premailer", "furl", "yarl", "bs4"),
        *("pydantic", "pydantic_core", "marshmallow", "attr", "attrs", "cattrs", "desert"),
        *("dataclasses_json", "serpy", "schematics", "typesystem", "dacite", "glom", "jmespath"),
        *("cryptography", "nacl", "bcrypt", "argon2", "hashids", "sqids", "xxhash", "mmh3"),
        *("more_itertools", "toolz", "cytoolz", "funcy", "boltons", "money", "moneyed", "pint"),
        *("parse", "regex", "rapidfuzz", "Levenshtein", "thefuzz", "idna", "geopy", "haversine"),
    }
)
"""Top-level names of packages whose functions, classes and methods are followed by result."""
DIGESTING = frozenset({"bcrypt", "argon2", "hashids", "sqids", "xxhash", "mmh3", "nacl"})
_SERIALISING = frozenset(
    {
        *("dumps", "dump", "safe_dump", "encode", "packb", "dump_json", "model_dump_json", "json"),
        *("to_json", "to_csv", "to_string", "to_html", "to_markdown", "to_xml", "tabulate"),
        *("unparse", "serialize", "as_string", "json_dumps"),
    }
)
_ENCODING = frozenset({"sign", "encrypt", "hash", "hashpw", "encode", "digest"})
"""Names of functions whose text holds all that went in."""


def rule_for(package: str, name: str) -> Follow:
    """Return the rule for a function or method of an allow-listed package."""
    last = name.rpartition(".")[2]
    if package in DIGESTING or (package == "cryptography" and last in _ENCODING):
        return encodes("hashed" if package in DIGESTING else "encoded")
    if package in ("jwt", "jose", "itsdangerous") and last in ("encode", "dumps", "sign"):
        return encodes()
    if package in NUMERIC:
        return serialises_or_computes(last)
    if last in _SERIALISING:
        return _serialised(last)
    return by_result(last)


def serialises_or_computes(name: str) -> Follow:
    """Return the rule for a function of a package that computes."""
    return serialises if name in _SERIALISING else by_result(name, computed=True)


def _serialised(name: str) -> Follow:
    """Return a rule: a text of all that went in, or a tree of it (``schema.dump``)."""
    of_text, of_tree = serialises, pieces(name)

    def follow(result: object, args: tuple[object, ...], kwargs: object) -> None:
        rule = of_text if type(result) in (str, bytes) else of_tree
        rule(result, args, kwargs)  # type: ignore[arg-type]

    return follow
