"""Which command sends what to whom: told from its arguments, before it runs.

Only programs that are known to send, and addresses that stand in the arguments, name a recipient.
What a local program is given stays on the machine as far as anybody can tell: no share. A file
that a command reads, and a configuration that names its server, are not looked into.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from sst_otel import semconv

_MAILERS = frozenset(
    {"sendmail", "mail", "mailx", "s-nail", "msmtp", "ssmtp", "mutt", "swaks", "exim", "exim4"}
)
_TOLD_SERVER = frozenset({"swaks", "msmtp"})
"""Mailers that take their server as an option; others ask the one of this machine."""
_HTTP = frozenset({"curl", "wget", "http", "https", "xh"})
_REMOTE = frozenset({"ssh", "sftp", "nc", "ncat", "netcat", "telnet"})
_COPYING = frozenset({"scp", "rsync"})
_DATABASES = frozenset({"psql", "mysql", "mariadb", "redis-cli", "pg_restore"})
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ash", "ksh"})
_BEFORE = frozenset({"sudo", "env", "nohup", "exec", "time", "nice", "command", "xargs"})

_BODY = frozenset(
    {
        *("-d", "--data", "--data-raw", "--data-ascii", "--data-binary", "--data-urlencode"),
        *("--json", "--post-data", "--body-data"),
    }
)
_METHOD = frozenset({"-X", "--request", "--method"})
_VERBS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_LOCAL = frozenset(
    {
        *("-o", "--output", "-O", "--output-document", "-D", "--dump-header", "-c"),
        *("--cookie-jar", "-K", "--config", "--cacert", "--cert", "--key", "-E", "-P"),
        *("--directory-prefix", "-x", "--proxy", "-w", "--write-out", "-m", "--max-time"),
        *("--connect-timeout", "--retry"),
    }
)
"""Options whose values stay here."""
_FLAGS = frozenset(
    {
        *("--silent", "--fail", "--show-error", "--location", "--insecure", "--compressed"),
        *("--verbose", "--include", "--head", "--get", "--globoff", "--quiet", "--ipv4"),
        *("--ipv6", "--ssl", "--no-check-certificate", "--no-verbose", "--http1.1", "--http2"),
        *("--tlsv1.2", "--remote-name", "--fail-with-body", "--no-progress-meter"),
        *("--ignore-stdin", "--check-status", "--follow"),
    }
)
"""Long options without a value; any other is taken to have one."""
_LETTERS_WITH_VALUE = frozenset("AbcCdDeEFHKmoPQrtTuUwxXyYz")
_ADDRESS = re.compile(r"(?i)(?!file:)[a-z][a-z0-9+.-]*://[^/\s]+")
_BARE = re.compile(r"(?i)(?:localhost|[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+)(?::\d+)?(?:[/?].*)?\Z")
_COPY_TO = re.compile(r"(?:[^@/:\s]+@)?([A-Za-z0-9][\w.-]*):")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_CONTROL = frozenset("();<>|&")
_TEXTS = (str, bytes, PurePath)
_MOST_ARGUMENTS = 1_000
_LONGEST = 200_000


@dataclass(slots=True)
class Command:
    """A command that sends to somebody."""

    program: str
    """Base name of a program known here; ``""`` for another one that an address is given to."""
    kind: str
    host: str
    port: int | None = None
    path: str = ""
    method: str = ""
    url: str = ""
    sent: list[Any] = field(default_factory=list)
    """Arguments that leave with it; the very objects that were given, where there are any."""
    bodies: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"<Command {self.program}>"


def command_of(given: Any, by_shell: bool = False) -> Command | None:
    """Return who gets what of a command, None where it tells nobody.

    ``given``: the arguments as ``subprocess`` takes them, a text or a list; ``by_shell``: whether a
    shell reads them.
    """
    if isinstance(given, (str, bytes)):
        text = os.fsdecode(given)
        return _of_shell(text) if by_shell else _of_arguments([text])
    if type(given) not in (list, tuple):
        return None
    if by_shell:
        first = given[0] if given else ""
        return _of_shell(os.fsdecode(first)) if isinstance(first, (str, bytes)) else None
    texts = [os.fsdecode(part) if isinstance(part, _TEXTS) else "" for part in given]
    command = _of_arguments(texts[:_MOST_ARGUMENTS])
    if command is not None and command.sent:
        objects = {os.fsdecode(part): part for part in given if isinstance(part, (str, bytes))}
        command.sent = [objects.get(text, text) for text in command.sent]
    return command


def _of_shell(text: str) -> Command | None:
    """Return the first command of a shell's line that tells somebody; all of the line goes in."""
    lines = list(_simple_commands(text))
    for position, arguments in enumerate(lines):
        command = _of_arguments(arguments)
        if command is not None:
            before = [word for line in lines[:position] for word in line[1:]]
            command.sent = [*before, *command.sent] if command.program else []
            return command
    return None


def _simple_commands(text: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(text[:_LONGEST], posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError:  # a quote that does not end: the shell runs nothing
        return
    line: list[str] = []
    for word in words[:_MOST_ARGUMENTS]:
        if word and not _CONTROL.issuperset(word):
            line.append(word)
        elif line:
            yield line
            line = []
    if line:
        yield line


def _of_arguments(words: list[str]) -> Command | None:
    while words and (os.path.basename(words[0]) in _BEFORE or _ASSIGNMENT.match(words[0])):
        words = words[1:]
    if not words:
        return None
    program, rest = os.path.basename(words[0]), words[1:]
    if program in _SHELLS and "-c" in rest[:-1]:
        return _of_shell(rest[rest.index("-c") + 1])
    if program in _MAILERS:
        server = _value_of(rest, ("--server", "--host", "-s")) if program in _TOLD_SERVER else ""
        host = server.partition(":")[0] or "localhost"
        return Command(program, semconv.EMAIL_SEND, host, sent=rest)
    if program in _HTTP:
        return _http(program, rest)
    if program in _DATABASES:
        host = _value_of(rest, ("-h", "--host"))
        return Command(program, semconv.EXTERNAL_API, host, sent=rest) if host else _any(rest)
    if program in _REMOTE:
        return _remote(program, rest)
    if program in _COPYING:
        found = [match[1] for match in map(_COPY_TO.match, rest) if match is not None]
        return Command(program, semconv.EXTERNAL_API, found[0], sent=rest) if found else None
    return _any(rest)


def _any(words: Sequence[str]) -> Command | None:
    """Return what a program that is not known here may send: the address it is given."""
    for word in words:
        address = word.partition("=")[2] if word.startswith("--") else word
        if _ADDRESS.match(address):
            return _at(Command("", semconv.EXTERNAL_API, "", url=address))
    return None


def _http(program: str, words: list[str]) -> Command | None:
    command = Command(program, semconv.EXTERNAL_API, "")
    option = ""
    bare = ""
    for word in words:
        if option:
            name, value, option = option, word, ""
        elif word.startswith("--") and "=" in word and program != "curl":
            name, _, value = word.partition("=")
        elif word.startswith("--"):
            if word not in _FLAGS:
                option = word
            continue
        elif word.startswith("-") and len(word) > 1:
            at = next((i for i, c in enumerate(word) if i and c in _LETTERS_WITH_VALUE), 0)
            name, value = f"-{word[at]}" if at else "", word[at + 1 :]
            if not at:
                continue
            if not value:
                option = name
                continue
        else:
            name, value = "", word
        if name == "--url" or (not name and not command.url and _ADDRESS.match(value)):
            command.url = value
        elif name in _METHOD:
            command.method = value
        elif name in _BODY:
            command.bodies.append(value)
        elif not name and value in _VERBS:
            command.method = value
        elif not name and not bare and _BARE.match(value):
            bare = value
        if name not in _LOCAL:
            command.sent.append(value)
    command.url = command.url or bare
    sends = bool(command.bodies)
    command.method = (command.method or ("POST" if sends else "GET")).upper()
    return _at(command) if command.url else None


def _remote(program: str, words: list[str]) -> Command | None:
    plain = [word for word in words if not word.startswith("-")]
    for position, word in enumerate(plain):
        host = word.rpartition("@")[2].partition(":")[0]
        if "@" in word or _BARE.match(host):
            after = plain[position + 1] if position + 1 < len(plain) else ""
            port = int(after) if after.isdigit() and program != "ssh" else None
            return Command(program, semconv.EXTERNAL_API, host, port, sent=words)
    return None


def _at(command: Command) -> Command | None:
    """Fill in the host of a command's address; None where it has none."""
    if "://" not in command.url:
        command.url = f"http://{command.url}"
    try:
        url = urlsplit(command.url)
        command.host, command.port = url.hostname or "", url.port
    except ValueError:
        return None
    if command.port is None:
        command.port = {"http": 80, "https": 443}.get(url.scheme.lower())
    command.path = url.path
    return command if command.host else None


def _value_of(words: Sequence[str], names: tuple[str, ...]) -> str:
    """Return the value of the first of these options that is given."""
    for position, word in enumerate(words):
        if word in names:
            return words[position + 1] if position + 1 < len(words) else ""
        for name in names:
            if name.startswith("--"):
                if word.startswith(f"{name}="):
                    return word[len(name) + 1 :]
            elif word.startswith(name) and not word.startswith("--"):
                return word[len(name) :]
    return ""
