"""Which command tells whom, by its arguments alone."""

from __future__ import annotations

import os
import shlex

import pytest

from sst_otel.sinks.commands import command_of

HTTP, MAIL = "external_api", "email_send"


@pytest.mark.parametrize(
    ("line", "program", "kind", "host"),
    [
        ("curl https://crm.example/v1?x=1", "curl", HTTP, "crm.example"),
        ("/usr/bin/curl -sSL -XPOST -d a=1 crm.example/v1", "curl", HTTP, "crm.example"),
        ("curl -x http://proxy:3128 -e https://ref.example crm.example", "curl", HTTP, ""),
        ("curl --referer https://ref.example --url crm.example", "curl", HTTP, "crm.example"),
        ("curl -d https://data.example --silent https://crm.example", "curl", HTTP, "crm.example"),
        ("curl -o out.example localhost:8080/x", "curl", HTTP, "localhost"),
        ("wget --post-data=a=1 https://crm.example/", "wget", HTTP, "crm.example"),
        ("http POST crm.example/v1 name=x", "http", HTTP, "crm.example"),
        ("/usr/sbin/sendmail -t -i", "sendmail", MAIL, "localhost"),
        ("msmtp --host=mail.example -t", "msmtp", MAIL, "mail.example"),
        ("swaks --to a@b.example --server mail.example:25", "swaks", MAIL, "mail.example"),
        ("mail -s hello ann@example.com", "mail", MAIL, "localhost"),
        ("psql -h db.example -c 'select 1'", "psql", HTTP, "db.example"),
        ("mysql -hdb.example shop", "mysql", HTTP, "db.example"),
        ("redis-cli --host=db.example SET a b", "redis-cli", HTTP, "db.example"),
        ("ssh -q deploy@files.example 'cat > x'", "ssh", HTTP, "files.example"),
        ("scp people.csv deploy@files.example:in/", "scp", HTTP, "files.example"),
        ("rsync -a x files.example:in/", "rsync", HTTP, "files.example"),
        ("nc log.example 514", "nc", HTTP, "log.example"),
        ("wkhtmltopdf --quiet https://app.example/i/7 out.pdf", "", HTTP, "app.example"),
        ("tool --endpoint=https://app.example run", "", HTTP, "app.example"),
        ("sudo -n true", None, "", ""),
        ("env A=b curl https://crm.example", "curl", HTTP, "crm.example"),
        ("convert a.png b.png", None, "", ""),
        ("cat file:///etc/hosts", None, "", ""),
        ("psql -c 'select 1'", None, "", ""),
        ("curl --version", None, "", ""),
        ("cp a.txt /srv/b.txt", None, "", ""),
        ("git commit -m done", None, "", ""),
    ],
)
def test_of_arguments(line: str, program: str | None, kind: str, host: str) -> None:
    found = command_of(shlex.split(line))
    if program is None:
        assert found is None
        return
    assert found is not None
    expected = host or "crm.example"
    assert (found.program, found.kind, found.host) == (program, kind, expected)


@pytest.mark.parametrize(
    ("line", "program"),
    [
        ("echo ann@example.com | mail -s hi boss@partner.example", "mail"),
        ("cd /srv && curl -d 'a=1&b=2' https://crm.example", "curl"),
        ("sh -c 'curl https://crm.example'", "curl"),
        ("curl 'https://crm.example", None),
        ("TOKEN=x /usr/bin/curl https://crm.example > /dev/null 2>&1", "curl"),
        ("echo hello > out.txt", None),
        ("", None),
    ],
)
def test_of_a_shell(line: str, program: str | None) -> None:
    found = command_of(line, True)
    assert (found.program if found is not None else None) == program


def test_what_leaves_and_what_stays() -> None:
    found = command_of(
        ["curl", "-o", "ann.json", "-H", "X-A: b", "--data-raw", '{"a": 1}', "https://crm.example"]
    )
    assert found is not None
    assert found.bodies == ['{"a": 1}']
    assert found.sent == ["X-A: b", '{"a": 1}', "https://crm.example"]
    assert (found.method, found.port, found.path) == ("POST", 443, "")


def test_the_objects_given_are_kept() -> None:
    text = "".join(["a", "=1"])
    found = command_of(["curl", "-d", text, "https://crm.example"])
    assert found is not None
    assert any(part is text for part in found.sent)


@pytest.mark.parametrize(
    "given", [None, 7, [], "", [7, None], [b"\xff", "x"], ["curl", "http://["]]
)
def test_what_is_no_command_is_none(given: object) -> None:
    assert command_of(given) is None
    assert command_of(given, True) is None


def test_bytes_and_paths() -> None:
    found = command_of([b"curl", os.fsencode("https://crm.example/x")])
    assert found is not None
    assert found.host == "crm.example"
