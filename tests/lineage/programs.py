"""Programs made up by hypothesis: one function of statements people write, of every kind."""

from __future__ import annotations

from hypothesis import strategies as st

TEXTS = st.sampled_from(["x", "y", "o.t", "d['k']", "items[0]", "t", "x", "y", "' lit '"])
NUMBERS = st.sampled_from(["n", "m", "f", "o.n", "n", "m", "3", "-2", "2.5", "len(x)"])
METHODS = st.sampled_from(
    [
        *("strip()", "upper()", "lower()", "title()", "zfill(9)", "replace('a', 'bb')"),
        *("split('a')[0]", "partition(' ')[2]", "encode().decode()", "strip(' a')"),
        *("removeprefix('a')", "center(12, '*')", "join(['p', x])", "format(n, a=x)"),
    ]
)
WRONG = st.sampled_from(["find('a')", "isdigit()", "strip(1)", "nowhere()", "split()", "encode()"])
SPECS = st.sampled_from(["", "!r", ":>8", ":.3", ":^{w}", "!s:^{w}", ""])
NUMBER_SPECS = st.sampled_from(["", ":,", ":.2f", ":>9", ":{w}", "!r:>12"])
OPERATORS = st.sampled_from(["+", "-", "*", "/", "//", "%"])


def _quoted(text: str, spec: str, after: str = "") -> str:
    return f'f"<{{{text}{spec}}}>{after}"' if '"' not in text and "\\" not in text else text


def _texts(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} + {})".format, inner, inner),
        st.builds("({}).{}".format, inner, METHODS),
        st.builds(_quoted, inner, SPECS, st.sampled_from(["", " {y}", " {n:,} {t}"])),
        st.builds(_quoted, NUMBERS, NUMBER_SPECS),
        st.builds("({})[{}:{}]".format, inner, st.sampled_from(["", "1", "-3"]), st.just("7")),
        st.builds("str({})".format, inner | NUMBERS),
        st.builds("'%s/%s' % ({}, {})".format, inner, inner),
        st.builds("'{{}}-{{:>4}}'.format({}, {})".format, inner, inner),
        st.builds("', '.join([{}, {}])".format, inner, inner),
        st.builds("''.join(c for c in {} if c != 'a')".format, inner),
        st.builds("''.join([c for c in x if c in {}])".format, inner),
        st.builds("'-'.join(v + {} for v in items)".format, inner),
        st.builds("list(map(str.upper, [{}]))[0]".format, inner),
        st.builds("sorted([{}, {}])[-1]".format, inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("(lambda v: v + {})({})".format, inner, inner),
        st.builds("shout({})".format, inner),
        st.builds("call(shout, {})".format, inner),
        st.builds("call(str.upper, {})".format, inner),
        st.builds("getattr({}, 'upper')()".format, inner),
        st.builds("(u := {})".format, inner),
        st.builds("re.sub('[aeiou]', '.', {})".format, inner),
        st.builds("json.dumps({{'a': {}}})".format, inner),
    )


def _numbers(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, inner, OPERATORS, inner),
        st.builds("-({})".format, inner),
        st.builds("round({}, 1)".format, inner),
        st.builds("float({})".format, inner),
        st.builds("int({})".format, inner),
        st.builds("abs({})".format, inner),
        st.builds("max({}, {})".format, inner, inner),
        st.builds("math.sqrt(abs({}))".format, inner),
        st.builds("sum(v for v in [{}, {}])".format, inner, inner),
    )


TEXT = st.recursive(TEXTS, _texts, max_leaves=5)
NUMBER = st.recursive(NUMBERS, _numbers, max_leaves=4)
ODD = st.one_of(
    st.builds("({} + {})".format, TEXT, NUMBER),
    st.builds("({} % {})".format, TEXT, NUMBER),
    st.builds("({} {} {})".format, NUMBER, OPERATORS, TEXT),
    st.builds("({}).{}".format, TEXT, WRONG),
    st.builds("({})[{}]".format, TEXT, st.sampled_from(["0", "-1", "'k'", "99"])),
    st.builds("int({})".format, TEXT),
    st.builds("f'{{{}:d}}'".format, TEXTS.filter(lambda text: "'" not in text)),
    st.builds("({} / ({} - m))".format, NUMBER, NUMBER),
    st.just("nowhere"),
)


def _mostly(usual: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.sampled_from([True] * 19 + [False]).flatmap(lambda well: usual if well else ODD)


EXPRESSIONS = _mostly(st.one_of(TEXT, TEXT, NUMBER))
WORDS = _mostly(TEXT)
AMOUNTS = _mostly(NUMBER)


def _indented(block: list[str]) -> str:
    return "\n".join("    " + line for part in block for line in part.splitlines())


def _blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.lists(inner, min_size=1, max_size=3).map(_indented)
    return st.one_of(
        st.builds("if {}:\n{}\nelse:\n{}".format, EXPRESSIONS, body, body),
        st.builds("for k in range(3):\n{}".format, body),
        st.builds("for t in items[:2]:\n{}".format, body),
        st.builds("try:\n{}\nexcept (TypeError, ValueError) as e:\n    log(str(e))".format, body),
        st.builds("try:\n{}\nfinally:\n{}".format, body, body),
        st.builds("with o:\n{}".format, body),
        st.builds("def g(x, t='z'):\n{}\n    return x + t\nlog(g(y))".format, body),
        st.builds("def g():\n    nonlocal t\n{}\ng()".format, body),
        st.builds("def g(x):\n{}\n    yield x + 'q'\nlog(list(g(y)))".format, body),
        st.builds(
            "match {}:\n    case str() as t:\n        log(t)\n    case _:\n        pass".format,
            EXPRESSIONS,
        ),
    )


STATEMENTS = st.one_of(
    st.builds("t = {}".format, WORDS),
    st.builds("k = {}".format, AMOUNTS),
    st.builds("t += {}".format, WORDS),
    st.builds("t = t + {}".format, WORDS),
    st.builds("k *= {}".format, AMOUNTS),
    st.builds("k -= {}".format, AMOUNTS),
    st.builds("o.t += {}".format, WORDS),
    st.builds("d['k'] += {}".format, WORDS),
    st.builds("items[0] += {}".format, WORDS),
    st.builds("items += [{}]".format, WORDS),
    st.builds("log({})".format, EXPRESSIONS),
    st.builds("d[{}] = {}".format, WORDS, EXPRESSIONS),
    st.builds("assert {}, {}".format, EXPRESSIONS, EXPRESSIONS),
)
LAST = st.one_of(
    st.builds("return {}".format, EXPRESSIONS),
    st.builds("del t\nlog({})".format, EXPRESSIONS),
    st.builds("raise ValueError({})".format, EXPRESSIONS),
    st.just("pass"),
)
BODIES = st.builds(
    lambda first, last: [*first, last],
    st.lists(st.recursive(STATEMENTS, _blocks, max_leaves=5), min_size=1, max_size=5),
    LAST,
)

_HEAD = '''import json
import math
import re

W = 12


def shout(v):
    return v + "!"


def call(function, v):
    return function(v)


def work(x, y, n, m, f, o, d, items, log):
    """Do what hypothesis says."""
    w, k, t = W, 1, x
    use = [x, y, n, m, f]
'''


def program(body: list[str]) -> str:
    """Return the module of one generated function ``work``."""
    return _HEAD + _indented(body) + "\n    return t, k, use\n"
