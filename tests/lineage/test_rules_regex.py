from __future__ import annotations

import pytest

from tests.lineage.rule_support import Rows, inherited

RE = "import re\n"
FLOWS: Rows = [
    (RE + "r = re.sub(r'\\D', '', phone)", "phone:ada"),
    (RE + "r = re.sub('[^0-9]', '', phone)[-4:]", "derived(slice):ada"),
    (RE + "r = re.subn(' ', '', phone)[0]", "phone:ada"),
    ("from re import sub as s\nr = s(' ', '', phone)", "phone:ada"),
    (RE + "p = re.compile(r'\\s+')\nr = p.sub('', phone)", "phone:ada"),
    (RE + "r = re.compile('X').sub(name, 'Dear X!')", "composed name:ada"),
    (RE + "r = re.sub('X', name, 'X')", "name:ada"),
    (RE + "r = re.sub('X', repl=name, string='Dear X!')", "composed name:ada"),
    (RE + "r = re.sub('NAME', lambda m: name, 'Dear NAME!')", "composed name:ada"),
    (
        RE
        + "d = {'n': name, 'e': email}\nr = re.sub(r'{(\\w)}', lambda m: d[m[1]], 'Hi {n}, {e}')",
        "composed name:ada email:ada",
    ),
    (RE + "r = re.sub('[A-Z]', lambda m: m.group(0).lower(), name)", "name:ada"),
    (RE + "r = re.sub(email, '-', note)", "composed name:ada"),
    (RE + "r = re.split('@', email)[1]", "email:ada"),
    (RE + "p = re.compile('@')\nr = p.split(email)[0]", "derived(split):ada"),
    (RE + "r = re.findall('[0-9]+', phone)[-1]", "derived(findall):ada"),
    (RE + "r = re.findall(r'(\\w+)@(\\S+)', email)[0][1]", "email:ada"),
    (RE + "r = re.findall(r'\\S+@\\S+[a-z]', note)[0]", "email:ada"),
    (RE + "r = [m.group() for m in re.finditer('[0-9]+', phone)][-1]", "derived(group):ada"),
    (RE + "r = next(re.finditer('[0-9]+', phone)).group()", "derived(group):ada"),
    (RE + "m = re.match('(.*)@(.*)', email)\nr = m.group(2)", "email:ada"),
    (RE + "r = re.match('(.*)@(.*)', email).group(1)", "derived(group):ada"),
    (RE + "r = re.match('(.*)@(.*)', email)[2]", "email:ada"),
    (RE + "m = re.search('@(?P<host>.*)', email)\nr = m['host']", "email:ada"),
    (RE + "r = re.search('@(?P<host>.*)', email).groupdict()['host']", "email:ada"),
    (RE + "user, host = re.match('(.*)@(.*)', email).groups()\nr = host", "email:ada"),
    (RE + "a, b = re.match('(.*)@(.*)', email).group(1, 2)\nr = b", "email:ada"),
    (RE + "r = re.match('(.*)@(.*)', email).expand(r'\\2 \\1')", "email:ada"),
    (RE + "r = re.fullmatch('(.*) (.*)', name).expand(r'\\2, \\1')", "name:ada"),
    (RE + "r = re.escape(email)", "email:ada"),
    (RE + "m = re.search(r'to (\\S+)\\.$', note)\nr = m.group(1)", "email:ada"),
    (RE + "if m := re.search(r'Dear (\\w+)', note):\n    r = m.group(1)", "name:ada"),
    (RE + "r = list(map(re.compile(' ').sub, ['-'], [phone]))[0]", "phone:ada"),
]
CLEAN = [
    RE + "r = re.sub('.', '*', email)",
    RE + "r = re.sub('.+', 'hidden', phone)",
    RE + "r = re.sub('.+', lambda m: '#', phone)",
    RE + "r = re.sub(r'Dear .*', 'nobody', note)",
    RE + "m = re.search('we (write)', note)\nr = m.group(1)",
    RE + "m = re.match('(Dear)', note)\nr = m[1]",
    RE + "r = re.findall('write', note)[0]",
    RE + "r = re.sub('x', 'y', 'text')",
    RE + "r = re.sub('X', 'other', 'Dear X') if name else ''",
    RE + "r = re.split(', ', note)[1].split(' to ')[0]",
    RE + "r = re.match('(.*)@', email).start(1)",
    RE + "r = bool(re.match('(.*)@', email))",
]


@pytest.mark.parametrize(("code", "expected"), FLOWS, ids=[code for code, _ in FLOWS])
def test_pattern_results_inherit(code: str, expected: str) -> None:
    assert inherited(code) == expected


@pytest.mark.parametrize("code", CLEAN)
def test_pattern_results_inherit_nothing(code: str) -> None:
    assert inherited(code) == ""


def test_matches_are_found_one_by_one() -> None:
    code = (
        RE + "found = re.finditer('[0-9]+', phone)\nfirst = next(found).start()\n"
        "r = (first, len(list(found)))"
    )
    assert inherited(code) == ""


def test_failures_of_the_applications_own_function_end_there() -> None:
    code = (
        RE + "import traceback\n"
        "def fail(match):\n    raise ValueError(match.group())\n"
        "try:\n    re.sub('a', fail, email)\n"
        "except ValueError as error:\n"
        "    frames = traceback.extract_tb(error.__traceback__)\n"
        "    r = frames[-1].name, [frame.name for frame in frames if 'sst' in frame.filename]\n"
    )
    assert inherited(code) == ""
