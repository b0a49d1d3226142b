from __future__ import annotations

import pytest

from tests.lineage.rule_support import Rows, inherited

MARKUP = "from markupsafe import Markup, escape\n"
FLOWS: Rows = [
    ("r = f'{email[:3]}_{email[3:]}'", "email:ada"),
    ("import re\nr = '-'.join(re.findall('.{1,4}', phone))", "phone:ada"),
    ("r = f'{email[:3]}_{email[5:]}'", "composed derived(slice):ada email:ada"),
    (
        "import calendar\nr = 'Your ' + calendar.month_name[born.month]",
        "composed derived(month,index):ada",
    ),
    (
        "from werkzeug.datastructures import MultiDict\nform = MultiDict({'who': name, 'n': '1'})\n"
        "r = 'Dear %(who)s!' % form",
        "composed name:ada",
    ),
    (
        "from werkzeug.datastructures import MultiDict\nform = MultiDict({'who': name, 'n': '1'})\n"
        "T = 'No. %(n)s'\nr = T % form",
        "",
    ),
    (
        "from jinja2 import Environment\n"
        "def hidden(mail):\n    return mail[0] + '***' + mail[mail.index('@') - 1:]\n"
        "env = Environment()\nenv.filters['hidden'] = hidden\n"
        "t = env.from_string('A code for {{ who | hidden }}.')\nr = t.render(who=email)",
        "composed derived(slice):ada email:ada",
    ),
    (
        "from jinja2 import Environment\nenv = Environment()\n"
        "env.filters['first'] = lambda text: text.split()[1]\n"
        "t = env.from_string('Hello {{ who | first | upper }}!')\nr = t.render(who=name)",
        "composed name:ada",
    ),
    (
        "class A:\n    def __repr__(self):\n        return f'<A {name}>'\n"
        "a = A()\na.who = name\nr = 'New: %r' % a",
        "composed name:ada",
    ),
    ("parts = name.rsplit(' ', 1)\nr = ', '.join(reversed(parts))", "composed name:ada"),
    ("import requests\nr = requests.utils.quote(name)", "name:ada"),
    (
        "from jinja2 import Environment\n"
        "short = name[:2] + '***'\n"
        "t = Environment().from_string('Nobody of {{ n }}.')\nr = t.render(n=4)",
        "",
    ),
    ("r = f'{name[0]}. {email}'", "composed derived(slice):ada email:ada"),
    ("r = name[0].upper() + '.' + email", "composed derived(slice):ada email:ada"),
    ("r = '%s.%s' % (name[:1], email)", "composed derived(slice):ada email:ada"),
    ("r = '{}. {}'.format(name[0], email)", "composed derived(slice):ada email:ada"),
    (
        "def of(text):\n    return ''.join(one[0] for one in text.split() if one).lower()\n"
        "r = '+'.join(of(name))",
        "composed derived(slice):ada derived(slice):ada",
    ),
    (
        "def of(text):\n    first = text[0]\n    return {'id': first + 'x'}\nr = of(name)['id']",
        "composed derived(slice):ada",
    ),
    (MARKUP + "r = str(Markup('<b>%s</b>') % name)", "composed name:ada"),
    (MARKUP + "r = Markup('<p>') + name", "composed name:ada"),
    (MARKUP + "r = f'<b>{escape(name)}</b>'", "composed name:ada"),
    (MARKUP + "r = escape(name)", "name:ada"),
    ("import html\nr = html.escape(name + '&')", "composed name:ada"),
    ("from html import unescape\nr = unescape(name + '&amp;')", "composed name:ada"),
    ("from urllib.parse import quote\nr = quote(email)", "email:ada"),
    ("from urllib.parse import quote_plus as q\nr = q(name)", "name:ada"),
    ("import urllib.parse\nr = urllib.parse.unquote(urllib.parse.quote(name))", "name:ada"),
    (
        "from urllib.parse import urlencode\nr = urlencode({'e': email, 'x': 1})",
        "composed email:ada",
    ),
    (
        "from urllib.parse import parse_qs, urlencode\n"
        "r = parse_qs(urlencode({'e': email, 'n': name}))['n'][0]",
        "name:ada",
    ),
    (
        "from urllib.parse import urlsplit\nr = urlsplit(f'https://x.example/?e={email}').query",
        "composed email:ada",
    ),
    (
        "from urllib.parse import urljoin\nr = urljoin('https://x.example/', email)",
        "composed email:ada",
    ),
    (
        "import textwrap\nr = textwrap.shorten(name + ' of London', 12)",
        "composed derived(shorten):ada",
    ),
    ("import textwrap\nr = textwrap.fill(note, 20)", "composed name:ada email:ada"),
    ("import textwrap\nr = textwrap.indent(note, '> ')", "composed name:ada email:ada"),
    ("import textwrap\nr = textwrap.dedent('   ' + name)", "name:ada"),
    ("import textwrap\nr = textwrap.wrap(note, 18)[0]", "composed name:ada"),
    ("import string\nr = string.capwords(name.lower())", "name:ada"),
    ("from string import Template\nr = Template('Hi $n!').substitute(n=name)", "composed name:ada"),
    (
        "from string import Template\nt = Template('Hi $n!')\nd = {'n': name, 'e': email}\n"
        "r = t.safe_substitute(d)",
        "composed name:ada",
    ),
    ("import unicodedata\nr = unicodedata.normalize('NFKD', city)", "city:ada"),
    (
        "import unicodedata\n"
        "r = unicodedata.normalize('NFKD', city).encode('ascii', 'ignore').decode()",
        "city:ada",
    ),
    (
        "import unicodedata\nr = ''.join(c for c in unicodedata.normalize('NFD', city)\n"
        "            if unicodedata.category(c) != 'Mn')",
        "city:ada",
    ),
    ("r = name.translate(str.maketrans('aeiou', 'AEIOU'))", "name:ada"),
    ("r = ''.join(reversed(email))", "email:ada"),
    ("r = ''.join(c for c in phone if c.isdigit())", "phone:ada"),
    ("r = ''.join(filter(str.isdigit, phone))", "phone:ada"),
    ("r = ''.join(map(str.upper, email))", "email:ada"),
    ("r = '{n} is {n}'.format(**{'n': name, 'e': email})", "composed name:ada"),
    ("r = '{u.name}!'.format(u=user)", "composed name:ada"),
    ("r = '{:>20}'.format(name)", "name:ada"),
    ("r = '{0:{1}}'.format(name, 20)", "composed name:ada"),
    ("r = '%(n)s!' % {'n': name, 'e': email}", "composed name:ada"),
    ("import shlex\nr = shlex.quote(name)", "name:ada"),
    ("import shlex\nr = shlex.split(f'mail -s {email}')[2]", "email:ada"),
    ("import ast\nr = ast.literal_eval(repr([name, 7]))[0]", "name:ada"),
    ("import pprint\nr = pprint.pformat({'n': name})", "composed name:ada"),
    (
        "from email.utils import formataddr\nr = formataddr((name, email))",
        "composed name:ada email:ada",
    ),
    ("from email.utils import parseaddr\nr = parseaddr(f'{name} <{email}>')[1]", "email:ada"),
    ("import os.path\nr = os.path.join('/home', email)", "composed email:ada"),
    (
        "from flask import Flask, render_template_string\n"
        "with Flask('x').app_context():\n"
        "    r = render_template_string('<b>{{ n }}</b> {{ x }}', n=name, x=7)",
        "composed name:ada",
    ),
    (
        "from jinja2 import Template\nr = Template('Hi {{ u.name }}').render(u=user)",
        "composed name:ada",
    ),
    ("from markupsafe import escape\nr = str(escape(name + ' <x>'))", "composed name:ada"),
    ("from slugify import slugify\nr = slugify(name)", "name:ada"),
    ("r = name.split()[1]", "name:ada"),
    ("r = note.split()[1]", "name:ada"),
    ("r = note.split(',')[0]", "composed name:ada"),
    (
        "first, _, last = name.partition(' ')\nr = last + first",
        "composed name:ada",
    ),
    ("r = note[5:17]", "name:ada"),
    ("r = note[5:8]", "name:ada"),
    ("r = note[5:7]", "derived(slice):ada"),
    ("f = name.upper\nr = f()", "name:ada"),
    ("v = '  ' + name\nfor fn in (str.strip, str.lower):\n    v = fn(v)\nr = v", "name:ada"),
    (
        "from functools import partial\nr = partial('{1} {0}'.format, name)('x')",
        "composed name:ada",
    ),
    (
        "import functools, operator\nr = functools.reduce(operator.add, [name, '/', email])",
        "composed name:ada email:ada",
    ),
    ("import operator\nr = operator.concat('x', name)", "composed name:ada"),
    ("import operator\nr = operator.methodcaller('upper')(name)", "name:ada"),
    ("r = getattr(name, 'upper')()", "name:ada"),
    ("import re\nr = ''.join(re.findall('[0-9]', phone))", "phone:ada"),
    ("r = ''.join(sorted(name)).strip()", "name:ada"),
    ("c = list(name)\nc[0] = '*'\nr = ''.join(c)", "name:ada"),
    ("import itertools\nr = ''.join(itertools.chain([name], ['!']))", "composed name:ada"),
    ("r = ', '.join({'a': name, 'b': 'x'}.values())", "composed name:ada"),
    (
        "import io, zipfile\nout = io.BytesIO()\nwith zipfile.ZipFile(out, 'w') as z:\n"
        "    z.writestr(zipfile.ZipInfo('a'), email)\nr = out.getvalue()",
        "composed email:ada",
    ),
    (
        "from email.message import EmailMessage\nm = EmailMessage()\n"
        "m.set_content(f'Hi {name}')\nr = m.as_string()",
        "composed name:ada",
    ),
    (
        "from email.mime.text import MIMEText\nm = MIMEText(f'Hi {name}')\nr = m.as_string()",
        "composed name:ada",
    ),
]
CLEAN = [
    "c = list(name)\nc[:] = ['*'] * 5\nr = ''.join(c)",
    "from string import Template\nr = Template('Hi $n!').substitute(n='x', e=email)",
    "r = '{n} there'.format(n='x', e=email)",
    "r = '{n} there'.format(**{'n': 'text', 'e': email})",
    "r = '%(n)s there' % {'n': 'x', 'e': email}",
    "r = '{:#>8.0}'.format(phone)",
    "r = f'{phone:x>4.0}'",
    "import textwrap\nr = textwrap.shorten(name, 4, placeholder='..')",
    "from flask import Flask, render_template_string\n"
    "with Flask('x').app_context():\n    r = render_template_string('<b>{{ x }}</b>', n=name, x=7)",
    "import html\nr = html.escape('text & more')",
    "r = ''.join('*' for _ in name)",
    "r = note.split()[3]",
    "r = note[:4]",
    "r = note.split(',')[1].split()[0]",
    "from urllib.parse import urlsplit\nr = urlsplit(f'https://x.example/?e={email}').netloc",
    "from slugify import slugify\nr = slugify('Other text')",
    "import re\nr = re.escape('abc')",
]


@pytest.mark.parametrize(("code", "expected"), FLOWS, ids=[code for code, _ in FLOWS])
def test_text_inherits(code: str, expected: str) -> None:
    assert inherited(code) == expected


@pytest.mark.parametrize("code", CLEAN)
def test_text_inherits_nothing(code: str) -> None:
    assert inherited(code) == ""


@pytest.mark.parametrize(
    "code",
    [
        "def first(text):\n    return text[0]\n\ndef size():\n    return chr(65) + '-42'\n"
        "def both(text):\n    first(text)\n    return size()\nr = both(name)",
        "def of(text):\n    kind = text[0]\n    return 'A' + '-42' + kind[1:]\nr = of(name)",
    ],
)
def test_a_letter_says_nothing_elsewhere(code: str) -> None:
    assert inherited(code) == ""
