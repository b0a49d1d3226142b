"""Programs that must do the same rewritten, and statements that must fail the same."""

from __future__ import annotations

from pathlib import Path


def _read() -> dict[str, str]:
    text = Path(__file__).with_name("constructs.txt").read_text(encoding="utf-8")
    return dict(section.split("\n", 1) for section in text.split("\n=== ")[1:])


CONSTRUCTS: dict[str, str] = _read()
"""Name → code that runs without an error of its own and leaves its result in ``r``."""

FAILURES: dict[str, str] = {
    "add": "x + n",
    "add_deep": "'a' + str(n) + (x + n)",
    "add_attribute": "obj.text + obj.number",
    "add_call": "str(n) + n",
    "iadd": "x += n",
    "iadd_number": "n += x",
    "iadd_item": "obj.d['missing'] += 1",
    "iadd_item_type": "d['k'] += obj",
    "iadd_attribute_missing": "obj.missing += x",
    "assign_add": "x = x + n",
    "sub": "n - x",
    "sub_call": "len(x) - str(n)",
    "zero_division": "n / (m - m)",
    "zero_division_call": "n / int('0')",
    "zero_modulo": "n % int('0')",
    "zero_floor": "obj.number // (m - m)",
    "power": "obj.number ** 'x'",
    "multiply": "obj.text * obj.text",
    "negate": "-obj.text",
    "negate_name": "-x",
    "percent_few": "'%s %s' % (x,)",
    "percent_many": "'%s' % (x, y, n)",
    "percent_type": "'%d' % x",
    "percent_key": "'%(a)s' % {'b': obj.text}",
    "percent_char": "'%y' % obj.text",
    "fstring_spec": "f'{x:d}'",
    "fstring_spec_call": "f'{str(n):d} {n}'",
    "fstring_name": "f'{nowhere} {x}'",
    "fstring_attribute": "f'{obj.nowhere} {x}'",
    "fstring_in_the_middle": "f'{x} {n / (m - m)} {y}'",
    "fstring_repr": "f'{bad!r} {obj.text}'",
    "fstring_format_raises": "f'{bad} {obj.text}'",
    "fstring_multiline": "f'''{x}\n{obj.text}\n{obj.number:s}'''",
    "int": "int(x)",
    "int_call": "int(obj.text)",
    "int_own": "int(bad)",
    "float": "float('a' + x)",
    "round": "round(x)",
    "round_many": "round(n, 1, 2)",
    "sum": "sum([1, x])",
    "sum_generator": "sum(v / 0 for v in [1])",
    "sum_none": "sum(n)",
    "decimal": "decimal.Decimal(obj.text)",
    "strip_type": "x.strip(n)",
    "strip_call": "str(n).strip(n)",
    "strip_count": "obj.text.strip(1, 2)",
    "no_such_method": "n.strip()",
    "no_such_method_call": "len(x).strip()",
    "none_method": "obj.none.strip()",
    "own_method_raises": "bad.strip()",
    "own_join_raises": "bad.join([x])",
    "multiline_method": "(obj\n    .text\n    .strip(\n        n))",
    "multiline_chain": "(obj.text\n    .upper()\n    .encode('nowhere')\n    .decode())",
    "join_type": "','.join([x, n])",
    "join_generator_type": "','.join(v for v in (x, n))",
    "join_generator_raises": "','.join(str(v / 0) for v in [1])",
    "join_not_iterable": "','.join(n)",
    "format_few": "'{} {}'.format(x)",
    "format_key": "'{a}'.format(b=obj.text)",
    "format_own": "'{}'.format(bad)",
    "encode": "'\\udcff'.encode()",
    "decode": "b'\\xff'.decode('ascii')",
    "split_empty": "x.split('')",
    "slice_type": "x['a':]",
    "slice_of_number": "n[1:]",
    "slice_call": "len(x)[1:2]",
    "slice_zero_step": "obj.text[::m - m]",
    "year": "x.year",
    "year_call": "obj.text.year",
    "year_own": "bad.year",
    "json": "json.dumps({'a': obj})",
    "mean_empty": "statistics.mean([])",
    "sqrt": "math.sqrt(-1)",
    "strptime": "datetime.datetime.strptime(x, '%Y')",
    "fromisoformat": "datetime.date.fromisoformat(x)",
    "own_operator": "bad + x",
    "own_reflected": "x + bad",
    "own_item": "bad[1:]",
    "lambda_called": "(lambda v: v + n)(obj.text)",
    "comprehension": "[v + n for v in (obj.text,)]",
    "generator_expression": "list(v + n for v in (obj.text,))",
    "sorted_key": "sorted([x, y], key=lambda v: v[1:] + n)",
    "nested_functions": "outer(obj.text)",
    "chained": "chained(x)",
    "from_none": "from_none(x)",
    "in_with": "in_with(x)",
    "reraised": "reraised(x)",
    "group": "group(x)",
    "recursion": "endless(x)",
}
"""Name → one statement that raises, run in the function ``run`` of the frame below."""

FAILURE_FRAME = """
import contextlib, datetime, decimal, json, math, statistics, sys, traceback
from types import SimpleNamespace

class Bad:
    def __format__(self, spec):
        raise LookupError("format")
    def __repr__(self):
        raise LookupError("repr")
    def __int__(self):
        raise LookupError("int")
    def __add__(self, other):
        raise LookupError("add")
    def __radd__(self, other):
        raise LookupError("radd")
    def __getitem__(self, key):
        raise LookupError("item")
    def strip(self):
        raise LookupError("strip")
    def join(self, items):
        raise LookupError("join")
    @property
    def year(self):
        raise LookupError("year")

def outer(v):
    def inner(w):
        return f"{w + 1}"
    return "<" + inner(v) + ">"

def chained(v):
    try:
        return v + 1
    except TypeError as error:
        raise RuntimeError("chained " + str(error)) from error

def from_none(v):
    try:
        return str(v) + 1
    except TypeError:
        raise RuntimeError("hidden") from None

class Watcher:
    def __enter__(self):
        return self
    def __exit__(self, kind, error, tb):
        seen.append("".join(traceback.format_exception(kind, error, tb)))
        seen.append("".join(traceback.format_tb(sys.exc_info()[2])))
        return False

def in_with(v):
    with Watcher():
        return str(v) + 1

def reraised(v):
    try:
        try:
            return f"{v}" + 1
        finally:
            seen.append("".join(traceback.format_tb(sys.exc_info()[2])))
    except TypeError:
        seen.append(traceback.format_exc())
        raise

def group(v):
    errors = []
    for item in (v, str(v)):
        try:
            item + 1
        except TypeError as error:
            errors.append(error)
    if sys.version_info >= (3, 11):
        raise ExceptionGroup("several", errors)
    raise errors[0]

def endless(v):
    return endless(v + "a") + "b"

def run(x, y, n, m, seen):
    obj = SimpleNamespace(text=x, number=n, none=None, d={})
    bad = Bad()
    d = {"k": x}
    globals()["seen"] = seen
    return_value = None
    STATEMENT
"""
