"""Commands run for real: their arguments and their input, as far as they go through Python."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sst_otel
from sst_otel.registry.identity import mark, marked
from sst_otel.scope import current_scope
from tests.support import Tracking, Vendor

MAIL = "ann.keller@example.com"
LETTER = f"To: {MAIL}\nSubject: =?utf-8?b?R3LDvMOfZQ==?=\n\nHello.\n"


@pytest.fixture(autouse=True)
def ann(tracking: Tracking) -> None:
    sst_otel.tag(MAIL, "email", owner_id="1")


@pytest.fixture
def mailer(tmp_path: Path) -> Path:
    """A sendmail that keeps what it gets beside itself."""
    program = tmp_path / "sendmail"
    program.write_text(f"#!/bin/sh\ncat > {tmp_path}/sent\n")
    program.chmod(0o755)
    return program


@pytest.fixture
def curl(tmp_path: Path, vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> str:
    """A curl that posts what follows -d to the address behind it."""
    program = tmp_path / "curl"
    program.write_text(
        f"#!{sys.executable} -IS\n"
        "import socket, sys\n"
        "data = (sys.stdin.read() if sys.argv[2] == '@-' else sys.argv[2]).encode()\n"
        "where, _, path = sys.argv[3].removeprefix('http://').partition('/')\n"
        "with socket.create_connection((where.split(':')[0], where.split(':')[1])) as link:\n"
        "    head = f'POST /{path} HTTP/1.0\\r\\nContent-Length: {len(data)}\\r\\n\\r\\n'\n"
        "    link.sendall(head.encode() + data)\n"
        "    link.recv(1)\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    return f"{vendor.url}/v1/contact"


BODY = f"mail={MAIL}"
RUNS: dict[str, Callable[[str], object]] = {
    "run": lambda url: subprocess.run(["curl", "-d", BODY, url], check=True),
    "check_output": lambda url: subprocess.check_output(["curl", "-d", BODY, url]),
    "shell": lambda url: subprocess.run(f"curl -d '{BODY}' {url}", shell=True, check=True),
    "shell -c": lambda url: subprocess.run(["sh", "-c", f"curl -d '{BODY}' {url}"], check=True),
    "system": lambda url: os.system(f"curl -d '{BODY}' {url}"),
    "popen": lambda url: os.popen(f"curl -d '{BODY}' {url}").close(),
    "input": lambda url: subprocess.run(["curl", "-d", "@-", url], input=BODY.encode(), check=True),
    "input text": lambda url: subprocess.run(
        ["curl", "-d", "@-", url], input=BODY, text=True, check=True
    ),
    "asyncio": lambda url: asyncio.run(in_asyncio("curl", "-d", BODY, url)),
    "asyncio input": lambda url: asyncio.run(in_asyncio("curl", "-d", "@-", url, given=BODY)),
    "arguments and input": lambda url: subprocess.run(
        ["curl", "-d", "@-", f"{url}?{BODY}"], input=BODY.encode(), check=True
    ),
}


async def in_asyncio(*arguments: str, given: str = "") -> None:
    process = await asyncio.create_subprocess_exec(*arguments, stdin=subprocess.PIPE)
    await process.communicate(given.encode() or None)
    assert process.returncode == 0


@pytest.mark.parametrize("name", RUNS)
def test_a_command_that_posts_is_one_event(
    name: str, tracking: Tracking, vendor: Vendor, curl: str
) -> None:
    RUNS[name](curl)
    assert [body for _, _, body in vendor.received] == [BODY.encode()]
    (row,) = tracking.rows()
    assert row["destination"] in ("POST 127.0.0.1/v1/contact", "GET 127.0.0.1/v1/contact")
    assert (row["event_type"], row["owner_id"], row["outcome"]) == ("external_api", "1", "sent")
    assert row["data_types"] == ["email"]
    assert row["metadata"]["process.executable.name"] == "curl"
    assert row["metadata"]["server.port"] == vendor.port


def written(mailer: Path, letter: Any, **kwargs: Any) -> None:
    process = subprocess.Popen([str(mailer), "-t"], stdin=subprocess.PIPE, **kwargs)
    assert process.stdin is not None
    for line in letter.splitlines(keepends=True):
        process.stdin.write(line)
    process.stdin.close()
    assert process.wait() == 0


def by_os_popen(mailer: Path) -> None:
    pipe = os.popen(f"{mailer} -t -i", "w")
    pipe.write(LETTER)
    assert pipe.close() is None


def communicated(mailer: Path) -> None:
    with subprocess.Popen([mailer.as_posix()], stdin=subprocess.PIPE) as process:
        process.communicate(LETTER.encode())


def with_block(mailer: Path) -> None:
    with subprocess.Popen([str(mailer)], stdin=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        with process.stdin as pipe:
            print(LETTER, end="", file=pipe)


def flushed(mailer: Path) -> None:
    with subprocess.Popen([str(mailer)], stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.writelines([LETTER.encode()])
        process.stdin.flush()


MAILERS: dict[str, Callable[[Path], None]] = {
    "bytes": lambda mailer: written(mailer, LETTER.encode()),
    "text": lambda mailer: written(mailer, LETTER, text=True),
    "unbuffered": lambda mailer: written(mailer, LETTER.encode(), bufsize=0),
    "os.popen": by_os_popen,
    "communicate": communicated,
    "with": with_block,
    "flush": flushed,
}


@pytest.mark.parametrize("name", MAILERS)
def test_a_mailer_s_input_is_a_mail(name: str, tracking: Tracking, mailer: Path) -> None:
    MAILERS[name](mailer)
    assert (mailer.parent / "sent").read_text() == LETTER
    (row,) = tracking.rows()
    assert (row["event_type"], row["destination"]) == ("email_send", "sendmail localhost")
    assert (row["owner_id"], row["paths"]) == ("1", ["header.To"])


def test_a_mail_composed_of_what_its_words_alone_do_not_tell(
    tracking: Tracking, mailer: Path
) -> None:
    letter = b"To: team@shop.example\n\nA person of Springfield is here.\n"
    with sst_otel.scope("1"):
        town = sst_otel.tag("".join(["Spring", "field"]), "city", owner_id="1")
        held = marked(town)
        assert held is not None
        mark(letter, held.data, current_scope(), composed=True)
        subprocess.run([mailer, "-t"], input=letter, check=True)
    assert tracking.shares() == [("sendmail localhost", "1", ("city",))]


def test_an_address_among_the_arguments(tracking: Tracking, mailer: Path) -> None:
    subprocess.run([mailer, MAIL], input=b"Hello.\n", check=True)
    subprocess.run([str(mailer), MAIL], input=b"Hello.\n", check=True)
    assert tracking.shares() == [("sendmail localhost", "1", ("email",))] * 2


def test_what_stays_on_the_machine_is_no_event(tracking: Tracking, tmp_path: Path) -> None:
    subprocess.run(["echo", MAIL], check=True, capture_output=True)
    subprocess.run(["cat"], input=MAIL.encode(), check=True, capture_output=True)
    assert os.system(f"echo {MAIL} > {tmp_path}/x") == 0
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        assert type(process.stdin).__module__ in ("io", "_io")
    assert tracking.shares() == []


def test_a_program_given_an_address_gets_the_address_alone(tracking: Tracking) -> None:
    for arguments in ([MAIL, "https://shop.example"], [f"https://shop.example?to={MAIL}"]):
        subprocess.run(["true", *arguments], check=True)
    assert tracking.shares() == [("shop.example", "1", ("email",))]


def test_errors_are_the_application_s_own(tracking: Tracking, tmp_path: Path) -> None:
    nowhere = str(tmp_path / "nowhere" / "curl")
    with pytest.raises(FileNotFoundError):
        subprocess.run([nowhere, "-d", BODY, "https://crm.example"], check=True)
    with pytest.raises(TypeError):
        subprocess.Popen()  # type: ignore[call-overload]
    with pytest.raises(TypeError):
        os.system()  # type: ignore[call-arg]
    assert [row["outcome"] for row in tracking.rows()] == ["failed"]


def test_a_timeout_loses_nothing(tracking: Tracking, mailer: Path) -> None:
    mailer.write_text(f"#!/bin/sh\nread go\ncat > {mailer.parent}/sent\n")
    with subprocess.Popen([str(mailer)], stdin=subprocess.PIPE) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.01)
        process.communicate(b"\n" + LETTER.encode())
    assert (mailer.parent / "sent").read_text() == LETTER
    assert len(tracking.shares()) == 1


def test_stop_makes_everything_the_original(tracking: Tracking) -> None:
    sst_otel.stop_tracking()
    for method in ("__init__", "communicate"):
        assert type(vars(subprocess.Popen)[method]).__name__ == "function"
    assert type(os.system).__name__ == "builtin_function_or_method"


def test_a_long_conversation_is_not_kept(tracking: Tracking, tmp_path: Path) -> None:
    program = tmp_path / "nc"
    program.write_text(f"#!/bin/sh\ncat > {tmp_path}/sent\n")
    program.chmod(0o755)
    lines = [b"%04d " % number * 200 + b"\n" for number in range(200)]
    with subprocess.Popen([str(program), "log.example", "99"], stdin=subprocess.PIPE) as process:
        pipe: Any = process.stdin
        for line in lines:
            pipe.write(line)
            pipe.flush()
            assert sum(map(len, pipe._written)) < 70_000
        assert tracking.shares() == []
        pipe.write(b"from ann.kel")
        pipe.flush()
        pipe.write(b"ler@example.com\n")
        pipe.flush()
    assert (tmp_path / "sent").read_bytes().endswith(f"from {MAIL}\n".encode())
    assert tracking.shares() == [("nc log.example", "1", ("email",))]
