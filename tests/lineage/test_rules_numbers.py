from __future__ import annotations

import pytest

from tests.lineage.rule_support import Rows, inherited

PD = "import pandas as pd\n"
ONE = PD + "d = pd.DataFrame([{'e': email, 'i': inc}])\n"
TWO = PD + "d = pd.DataFrame([{'e': email, 'i': inc}, {'e': theirs, 'i': paid}])\n"
FLOWS: Rows = [
    (
        "def bmi(kilos, height):\n    return kilos / (height / 100) ** 2\n"
        "def view():\n    height = inc // 280\n    return bmi(70.5, height)\nr = view()",
        "derived(floordiv,truediv,pow,truediv):ada",
    ),
    (
        "low = inc // 10000 * 10000 + 1\nr = f'{low}-{low + 9999}'",
        "composed derived(floordiv,mul,add):ada derived(floordiv,mul,add):ada",
    ),
    ("b = bytearray(email.encode())\nr = bytes(b)", "email:ada"),
    ("r = bytes(b ^ 7 for b in email.encode())", "email:ada"),
    ("r = inc / 50000.5", "derived(truediv):ada"),
    ("r = divmod(inc, 7)[0]", "derived(divmod):ada"),
    (
        "left, at = divmod(inc, 7)\nletters = 'abcdefg'\nr = f'{letters[at]}-'",
        "composed derived(divmod,index):ada",
    ),
    ("r = inc // 10000 * 10000 + 7", "derived(floordiv,mul,add):ada"),
    ("r = min(inc, 60000)", "income:ada"),
    ("r = sorted([inc, out])[0]", "spending:ada"),
    ("r = sum(x for x in (inc, paid))", "derived(sum):ada derived(sum):bob"),
    ("r = sum([inc, out]) / 2", "derived(sum,truediv):ada"),
    ("r = hex(inc)", "income:ada"),
    (
        "from statistics import mean\nr = round(inc / mean([inc, inc + 5, inc - 5]), 3)",
        "derived(add,sub,mean,truediv):ada",
    ),
    ("import math\nr = math.isqrt(inc)", ""),
    ("import math\nr = math.log10(inc)", "derived(log10):ada"),
    ("from math import hypot\nr = hypot(inc, out)", "derived(hypot):ada"),
    ("import math\nr = math.fsum([inc, out])", "derived(fsum):ada"),
    ("import math\nr = math.ceil(out / 1000) * 1000", "derived(truediv,ceil,mul):ada"),
    ("import statistics as st\nr = st.mean([inc, paid])", "derived(mean):ada derived(mean):bob"),
    ("import statistics\nr = statistics.quantiles([inc, out, 7, 9])[2]", "derived(quantiles):ada"),
    ("from decimal import Decimal\nr = Decimal(income).quantize(Decimal('0.01'))", "income:ada"),
    (
        "from decimal import Decimal as D\nr = (D(income) / 3).quantize(D('0.01'))",
        "derived(truediv,quantize):ada",
    ),
    ("from fractions import Fraction\nr = Fraction(income)", "income:ada"),
    ("from fractions import Fraction\nr = Fraction(inc, 7)", "derived(Fraction):ada"),
    ("import operator\nr = operator.mul(inc, 2)", "derived(mul):ada"),
    ("import operator\nr = operator.mod('%s!', name)", "composed name:ada"),
    (
        "from functools import reduce\nr = reduce(lambda a, b: a + b, [inc, 300])",
        "derived(add):ada",
    ),
    (
        "import functools, operator\nr = functools.reduce(operator.add, [inc, 300])",
        "derived(reduce):ada",
    ),
    ("r = list(map(lambda v: v * 2, [inc]))[0]", "derived(mul):ada"),
    ("r = float(income.replace('0', '1'))", "income:ada"),
    (
        "def age_of(born):\n    return (datetime.date(2026, 11, 22) - born).days // 365\n"
        "import datetime\nage = age_of(born)\nr = f'{age} years'",
        "composed derived(sub,days,floordiv):ada",
    ),
    ("age = inc // 1400\nr = 'age %d' % age", "composed derived(floordiv):ada"),
    ("age = inc // 1400\nr = str(age)", "derived(floordiv):ada"),
    (
        "age = inc // 1400\nimport json\nr = json.dumps({'age': age})",
        "composed derived(floordiv):ada",
    ),
    ("age = inc // 1400\nr = age * 1000", "derived(floordiv,mul):ada"),
    ("age = int(str(35))\nother = inc // 1400\nr = f'{other}'", "derived(floordiv):ada"),
    ("r = sum(int(c) * 100 for c in phone if c.isdigit())", "derived(sum):ada"),
    ("import locale\nr = locale.atof('50,000'.replace(',', '')) + inc", "derived(add):ada"),
    ("import locale\nr = locale.atoi(income)", "income:ada"),
    ("import ast\nr = ast.literal_eval(income)", "income:ada"),
    ("import numpy as np\nr = float(np.mean([inc, out]))", "derived(mean):ada"),
    ("import numpy as np\nr = float(np.array([inc, out]).mean())", "derived(mean):ada"),
    ("import numpy as np\nr = (np.array([inc, out]) * 2).tolist()[0]", "derived(mul,tolist):ada"),
    ("import numpy as np\nr = np.array([inc, out]).tolist()[1]", "spending:ada"),
    ("import numpy as np\nr = f'{np.log1p(inc):.2f}'", "derived(log1p):ada"),
    ("import numpy as np\nr = round(float(np.sqrt(inc)), 2)", "derived(sqrt,round):ada"),
    ("import numpy as np\nr = float(np.float64(inc))", "income:ada"),
    ("import pandas as pd\nr = float(pd.Series([inc, out]).mean())", "derived(mean):ada"),
    (
        ONE + "r = d.to_dict('records')[0]['e']",
        "email:ada",
    ),
    (
        ONE + "r = float(d['i'].sum())",
        "income:ada",
    ),
    (
        ONE + "r = d.to_csv()",
        "composed email:ada income:ada",
    ),
    (
        TWO + "r = d['e'].tolist()[1]",
        "email:bob",
    ),
    (
        TWO + "r = float(d['i'].mean())",
        "derived(mean):ada derived(mean):bob",
    ),
    (
        TWO + "d['t'] = 1\nr = d.groupby('t')['i'].mean().round(1).to_dict()[1]",
        "derived(mean):ada derived(mean):bob",
    ),
    (
        TWO + "r = float(d.groupby('e')['i'].sum().to_dict()[email])",
        "income:ada",
    ),
    (
        ONE + "r = d.iloc[0]['e'].upper()",
        "email:ada",
    ),
]
CLEAN = [
    "r = inc / inc",
    "b = bytearray(email.encode())\nb[:] = b'-' * 12\nr = bytes(b)",
    "import math\nr = math.floor(12345.5)",
    "r = divmod(70000, 13)[0]",
    "left, at = divmod(inc, 7)\nr = 'abcdefg'[6 - 0] + '-'",
    "at = divmod(inc, 7)[1]\ndef other(at):\n    return 'abcdefg'[at]\nr = other(int('6')) + '-'",
    "import statistics\nr = statistics.mean([300, 400])",
    "import numpy as np\nr = float(np.mean([300.0, 400.5]))",
    "import operator\nr = operator.itemgetter('x')({'x': 'text', 'e': email})",
    "import random\nr = random.Random(1).choice(['constant text'])",
    "r = max(inc, 99999)",
    PD + "d = pd.DataFrame([{'e': email, 'p': 'some text'}])\nr = d['p'].tolist()[0]",
    "import operator\nr = operator.gt(inc, 5)",
    "band = inc // 10000\nr = f'band {band}'",
    "age = inc // 1400\ndef other():\n    return f'{35} rows'\nr = other()",
    "def other():\n    return inc // 1400\nother()\nn = 36\nr = f'{n} rows'",
]


@pytest.mark.parametrize(("code", "expected"), FLOWS, ids=[code for code, _ in FLOWS])
def test_number_inherits(code: str, expected: str) -> None:
    assert inherited(code) == expected


@pytest.mark.parametrize("code", CLEAN)
def test_number_inherits_nothing(code: str) -> None:
    assert inherited(code) == ""
