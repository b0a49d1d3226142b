from __future__ import annotations

import pytest

from tests.lineage.rule_support import Rows, inherited

JSON = "import json\n"
CSV = "import csv, io\nout = io.StringIO()\n"
FLOWS: Rows = [
    (JSON + "r = json.loads(json.dumps({'e': email, 'i': inc}))['e']", "email:ada"),
    (JSON + "r = json.loads(json.dumps({'e': email, 'i': inc}))['i']", "income:ada"),
    (
        JSON + "r = json.loads(json.dumps([[name], {'x': note}]))[1]['x']",
        "composed name:ada email:ada",
    ),
    (JSON + "r = json.dumps({'b': born}, default=str)", "composed birthday:ada"),
    (JSON + "r = json.dumps({'u': user}, default=lambda o: o.email)", "composed email:ada"),
    (
        JSON + "from decimal import Decimal\nr = json.dumps({'b': Decimal(income)}, default=float)",
        "composed income:ada",
    ),
    ("from json import JSONEncoder\nr = JSONEncoder().encode({'e': email})", "composed email:ada"),
    ("import orjson\nr = orjson.dumps({'e': email})", "composed email:ada"),
    ("import orjson\nr = orjson.loads(orjson.dumps({'e': email}))['e']", "email:ada"),
    ("import msgpack\nr = msgpack.packb({'e': email, 'i': inc})", "composed email:ada income:ada"),
    (
        "import msgpack\nr = msgpack.unpackb(msgpack.packb({'e': email, 'i': inc}))['i']",
        "income:ada",
    ),
    ("import yaml\nr = yaml.safe_dump({'e': email, 'n': 'x'})", "composed email:ada"),
    ("import yaml\nr = yaml.safe_load(yaml.safe_dump({'e': email, 'n': name}))['n']", "name:ada"),
    ("import pickle\nr = pickle.loads(pickle.dumps({'e': email, 'b': born}))['b']", "birthday:ada"),
    ("import copy\nr = copy.deepcopy({'e': email, 'b': born})['b']", "birthday:ada"),
    (
        CSV + "csv.writer(out).writerow([name, email])\nr = out.getvalue()",
        "composed name:ada email:ada",
    ),
    (
        CSV + "w = csv.DictWriter(out, ['e'])\nw.writeheader()\nw.writerows([{'e': email}])\n"
        "r = out.getvalue()",
        "composed email:ada",
    ),
    (
        CSV + "w = csv.DictWriter(out, ['e'], extrasaction='ignore')\n"
        "w.writerow({'e': email, 'n': name})\nr = out.getvalue()",
        "composed email:ada",
    ),
    (
        CSV + "raw = io.BytesIO()\nt = io.TextIOWrapper(raw)\n"
        "csv.writer(t).writerow([name, inc * 2])\nt.flush()\nr = raw.getvalue()",
        "composed name:ada derived(mul):ada",
    ),
    (
        CSV + "import gzip\nraw = io.BytesIO()\n"
        "zipped = gzip.GzipFile(fileobj=raw, mode='wb', mtime=0)\n"
        "with zipped, io.TextIOWrapper(zipped) as t:\n"
        "    csv.writer(t).writerows([[email], ['x']])\nr = raw.getvalue()",
        "composed email:ada",
    ),
    (
        "import gzip, io\nraw = io.BytesIO()\n"
        "with gzip.GzipFile(fileobj=raw, mode='wb', mtime=0) as t:\n"
        "    t.write(f'{email};x'.encode())\nr = raw.getvalue()",
        "composed email:ada",
    ),
    (CSV + "r = next(csv.DictReader(io.StringIO(f'e,i\\n{email},{income}')))['i']", "income:ada"),
    (CSV + "r = list(csv.reader(io.StringIO(f'{email},{income}')))[0][1]", "income:ada"),
    (
        "import io\nout = io.StringIO()\nout.write('to ')\nout.write(email)\nr = out.getvalue()",
        "composed email:ada",
    ),
    (
        "import io\nout = io.StringIO()\nprint('to', email, file=out)\nr = out.getvalue()",
        "composed email:ada",
    ),
    (
        "import io\nout = io.StringIO()\nout.write('to ')\nout.write(email)\nout.truncate(9)\n"
        "r = out.getvalue()",
        "composed email:ada",
    ),
    ("import io\nr = io.BytesIO(email.encode()).read()", "email:ada"),
    (
        "import configparser, io\nc = configparser.ConfigParser()\nc['o'] = {'mail': email}\n"
        "out = io.StringIO()\nc.write(out)\nr = out.getvalue()",
        "composed email:ada",
    ),
    (
        "from xml.etree import ElementTree as E\nx = E.Element('p', {'t': phone})\nx.text = name\n"
        "r = E.tostring(x)",
        "composed name:ada phone:ada",
    ),
    (
        "from xml.etree.ElementTree import fromstring\n"
        "r = fromstring(f'<p><n>{name}</n></p>').find('n').text",
        "name:ada",
    ),
    (
        "import logging\nh = logging.Handler()\n"
        "rec = logging.LogRecord('x', 20, 'f', 1, 'login of %s', (email,), None)\n"
        "r = h.format(rec)",
        "composed email:ada",
    ),
    (
        "import dataclasses\n@dataclasses.dataclass\nclass Person:\n    mail: str\n"
        "    born: object\n"
        "r = dataclasses.asdict(Person(email, born))['born']",
        "birthday:ada",
    ),
    (
        "import dataclasses\n@dataclasses.dataclass\nclass Person:\n    mail: str\n"
        "r = dataclasses.replace(Person('x'), mail=email).mail",
        "email:ada",
    ),
    (
        "from collections import namedtuple\nPerson = namedtuple('Person', 'mail')\n"
        "r = Person(email)._asdict()['mail']",
        "email:ada",
    ),
    (
        "import attrs\n@attrs.define\nclass Person:\n    pay: int = attrs.field(converter=int)\n"
        "r = Person(income).pay",
        "income:ada",
    ),
    (
        "import attr\n@attr.s\nclass Person:\n    n = attr.ib(converter=str.upper)\n"
        "r = attr.asdict(Person(name))['n']",
        "name:ada",
    ),
    (
        "import pydantic\nclass Person(pydantic.BaseModel):\n    e: str\n    i: int\n"
        "r = Person(e=email, i=income).i",
        "income:ada",
    ),
    (
        "import pydantic\nclass Person(pydantic.BaseModel):\n    e: str\n    i: int\n"
        "r = Person.model_validate({'e': email, 'i': income}).model_dump()['i']",
        "income:ada",
    ),
    (
        "import pydantic\nclass Person(pydantic.BaseModel):\n    e: str\n    i: int\n"
        "r = Person(e=email, i=income).model_dump_json()",
        "composed email:ada income:ada",
    ),
    (
        "import pydantic\nclass Person(pydantic.BaseModel):\n    e: str\n"
        "import json\nr = Person.model_validate_json(json.dumps({'e': email})).e",
        "email:ada",
    ),
    (
        "import datetime, pydantic\nclass Person(pydantic.BaseModel):\n    b: datetime.date\n"
        "r = Person(b=born.isoformat()).b",
        "birthday:ada",
    ),
    (
        "import pydantic\nclass Person(pydantic.BaseModel):\n    n: str\n"
        "    @pydantic.computed_field\n"
        "    @property\n    def loud(self) -> str:\n        return self.n.upper()\n"
        "r = Person(n=name).model_dump()['loud']",
        "name:ada",
    ),
    (
        "import marshmallow as m\nclass Shape(m.Schema):\n    e = m.fields.Str()\n"
        "    i = m.fields.Int()\n"
        "r = Shape().load({'e': email, 'i': income})['i']",
        "income:ada",
    ),
    (
        "import marshmallow as m\nclass Shape(m.Schema):\n    b = m.fields.Date(attribute='born')\n"
        "import types\nr = Shape().dump(types.SimpleNamespace(born=born))['b']",
        "birthday:ada",
    ),
    (
        "import functools\n@functools.lru_cache\ndef f(v):\n    return v.upper()\nr = f(name)",
        "name:ada",
    ),
    ("def g(vs):\n    for v in vs:\n        yield v.upper()\nr = list(g([name]))[0]", "name:ada"),
    ("class C:\n    mail = email\nr = C.mail", "email:ada"),
    ("import collections\nr = collections.Counter([name]).most_common(1)[0][0]", "name:ada"),
    (
        "import enum\nclass K(str, enum.Enum):\n    A = 'x'\nr = f'{K.A.value} {name}'",
        "composed name:ada",
    ),
]
CLEAN = [
    JSON + "r = json.loads(json.dumps({'e': email, 'p': 'plan b'}))['p']",
    JSON + "r = json.loads('{\"a\": \"text\"}')['a']",
    JSON + "r = json.dumps({'u': user}, default=lambda o: 'hidden')",
    CSV + "w = csv.DictWriter(out, ['p'], extrasaction='ignore')\n"
    "w.writerow({'e': email, 'p': 'plan'})\nr = out.getvalue()",
    "import yaml\nr = yaml.safe_load(yaml.safe_dump({'e': email, 'p': 'plan b'}))['p']",
    "import pickle\nr = pickle.loads(pickle.dumps({'e': email, 'p': 'plan b'}))['p']",
    "import pydantic\nclass Person(pydantic.BaseModel):\n    e: str\n    plan: str = 'plan b'\n"
    "r = Person(e=email).plan",
    "import marshmallow as m\nclass Shape(m.Schema):\n    k = m.fields.Constant('plan b')\n"
    "    e = m.fields.Str()\nr = Shape().dump({'e': email})['k']",
    "import configparser, io\nc = configparser.ConfigParser()\nc['o'] = {'mail': 'x'}\n"
    "out = io.StringIO()\nc.write(out)\nr = out.getvalue()",
    "import io\nout = io.StringIO()\nout.write(email)\nout.seek(0)\nout.truncate()\n"
    "out.write('a customer')\nr = out.getvalue()",
    "import io\nout = io.BytesIO(email.encode())\nout.truncate(0)\nr = out.getvalue() + b'none'",
]


@pytest.mark.parametrize(("code", "expected"), FLOWS, ids=[code for code, _ in FLOWS])
def test_document_inherits(code: str, expected: str) -> None:
    assert inherited(code) == expected


@pytest.mark.parametrize("code", CLEAN)
def test_document_inherits_nothing(code: str) -> None:
    assert inherited(code) == ""
