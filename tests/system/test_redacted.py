"""Forty personal values through every view of the shop: no exporter of OpenTelemetry's gets one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sst_otel.datatypes import FieldClassifier, bits, default_taxonomy
from tests.beside import forty
from tests.support import Vendor, vendor_server
from tests.system.canary import leaks, needles_of
from tests.system.collected import Telemetry, console_of
from tests.system.launch import OTEL, Launched, launched, wait_until
from tests.system.launchers import SITES, migrate, site_environ
from tests.system.people import Person, sign_in
from tests.system.test_canary import use_everything

LAST_NAMES = ("Quackenbusch", "Thistlewaite", "Vandersloot", "Wojciechowska", "Zwingenberger")
FORTY = [
    {
        "email": f"{last.lower()}.{number}@canary-mail.example",
        "phone": f"+49159876543{number}1",
        "full_name": f"Zephyrine {last}",
        "iban": iban,
        "card_number": card,
        "passport_number": f"C01X0{number}T47",
        "street": f"{number}7 Quillfeather Lane",
        "tax_id": f"DE13669597{number}",
    }
    for number, (last, card, iban) in enumerate(
        zip(
            LAST_NAMES,
            (
                "4111111111111111",
                "5555555555554444",
                "4012888888881881",
                "5105105105105100",
                "4222222222222220",
            ),
            (
                "DE89370400440532013000",
                "GB29NWBK60161331926819",
                "FR1420041010050500013M02606",
                "NL91ABNA0417164300",
                "ES9121000418450200051332",
            ),
            strict=True,
        )
    )
]
SOUGHT = needles_of({f"{name} {n}": v for n, one in enumerate(FORTY) for name, v in one.items()})


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    with vendor_server() as collector:
        yield Telemetry(collector)


def _in_telemetry(client: requests.Session, url: str, values: dict[str, str]) -> None:
    """Have the stock instrumentations write a person's values everywhere they do."""
    client.post(f"{url}/echo", json=values)
    client.post(f"{url}/people", json={values["email"]: values})
    client.get(f"{url}/nobody/{values['email']}/{values['full_name']}", params=values)
    client.get(f"{url}/stream-context", params=values)
    client.get(f"{url}/greeting", params=values, headers={"X-Contact": values["email"]})
    client.get(f"{url}/boom", params={"email": values["email"], "phone": values["phone"]})
    client.post(f"{url}/broken-insert", data={"city": values["street"], **values})
    client.get(f"{url}/export")


def _person(values: dict[str, str]) -> Person:
    first, last = values["full_name"].split()
    return Person(first, last, values["email"], values["phone"])


def test_they_are_rare_enough_to_be_told_by_content() -> None:
    classifier = FieldClassifier(default_taxonomy())
    assert len({value for one in FORTY for value in one.values()}) == 40
    for name, value in FORTY[0].items():
        assert bits(classifier.classify(name) or "", value) >= 20, name


@pytest.mark.parametrize("redact", [True, False])
def test_no_exporter_of_the_shop_gets_one(
    redact: bool, telemetry: Telemetry, vendor: Vendor, tmp_path: Path
) -> None:
    environ = telemetry.environ() if redact else {**telemetry.environ(), "SST_REDACT": "off"}
    with launched(tmp_path, vendor.url, environ=environ) as app:
        for values in FORTY if redact else FORTY[:1]:
            with app.client() as client:
                sign_in(client, app.url, _person(values))
                _in_telemetry(client, app.url, values)
        if redact:
            with app.client() as client:
                use_everything(app, client)
        _wait_for_all(app, telemetry)
    found = {
        signal: leaks(text.encode(), SOUGHT)
        for signal, text in (*telemetry.texts().items(), ("console", console_of(app.printed())))
    }
    if redact:
        assert found == {signal: [] for signal in found}
        assert {signal: "{email:tag_" in text for signal, text in telemetry.texts().items()} == {
            "/v1/traces": True,
            "/v1/logs": True,
            "/v1/metrics": False,
        }
        assert app.ours() == []
    else:
        assert "email 0 in clear" in found["/v1/traces"]
        assert "email 0 in clear" in found["/v1/logs"]
        assert "email 0 in clear" in found["console"]


@pytest.mark.stack  # ten seconds each
@pytest.mark.parametrize("site", ["guild", "parish"])
def test_no_exporter_of_a_site_gets_one(
    site: str, telemetry: Telemetry, vendor: Vendor, tmp_path: Path
) -> None:
    migrate(site, tmp_path)
    launcher = SITES[site]["uvicorn"]
    told = [(f"/{path}", ["POST"]) for path in ("signup", "login", "contact", "conversion")]
    environ = {**telemetry.environ(), **site_environ(site)}
    with launched(
        tmp_path, vendor.url, (OTEL, *launcher.command, "--log-level", "critical"), environ
    ) as app:
        for values in forty.FORTY:
            codes = forty.live(app, values, [("/health", ["GET"]), *told])
            assert codes.pop(("POST", forty.WRONG)) == {500 if site == "parish" else 422}
            assert codes["POST", "/contact"] == codes["POST", "/conversion"] == {204}
        _wait_for_all(app, telemetry)
    texts = {**telemetry.texts(), "console": console_of(app.printed())}
    raw = {f"{path} raw": b"".join(bodies) for path, bodies in telemetry.raw().items()}
    contents = {**{where: text.encode() for where, text in texts.items()}, **raw}
    found = {where: leaks(content, forty.SOUGHT) for where, content in contents.items()}
    assert found == {where: [] for where in found}
    assert "{email" in texts["/v1/traces"]
    assert app.ours() == []


def _wait_for_all(app: Launched, telemetry: Telemetry) -> None:
    """Have a last request's span come through; batches keep their order."""
    with app.client() as client:
        client.get(f"{app.url}/item/4711")
    wait_until(lambda: "/item/4711" in telemetry.texts()["/v1/traces"])
