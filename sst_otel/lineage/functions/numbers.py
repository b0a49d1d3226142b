"""Numbers: conversions, arithmetic as functions, mathematics and statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sst_otel.lineage import cutting, marks
from sst_otel.lineage.functions.rules import (
    Follow,
    aggregates,
    by_result,
    carries,
    computes,
    listed_characters,
    nothing,
    rendered,
    same_value,
)

_MATH = (
    *("ceil", "floor", "trunc", "sqrt", "isqrt", "cbrt", "exp", "exp2", "expm1", "log", "log2"),
    *("log10", "log1p", "fabs", "pow", "fmod", "remainder", "hypot", "sin", "cos", "tan", "asin"),
    *("acos", "atan", "atan2", "sinh", "cosh", "tanh", "radians", "degrees", "copysign", "ldexp"),
    *("frexp", "modf", "gcd", "lcm", "factorial", "comb", "perm", "erf", "gamma", "nextafter"),
)
_STATISTICS = (
    *("mean", "fmean", "geometric_mean", "harmonic_mean", "median", "median_grouped"),
    *("median_low", "median_high", "mode", "stdev", "pstdev", "variance", "pvariance"),
    *("quantiles", "multimode", "covariance", "correlation", "linear_regression"),
)
_OPERATORS = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "truediv", "floordiv": "floordiv",
    "pow": "pow", "neg": "neg", "pos": "pos", "abs": "abs", "and_": "and", "or_": "or",
    "xor": "xor", "lshift": "lshift", "rshift": "rshift", "invert": "invert",
    "iadd": "add", "isub": "sub", "imul": "mul", "itruediv": "truediv",
    "ifloordiv": "floordiv", "concat": "add", "iconcat": "add", "inv": "invert",
    "ipow": "pow",
}  # fmt: skip


def _remainder(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``operator.mod(template, values)`` formats, ``mod(x, y)`` computes."""
    if type(result) in marks.TEXTS:
        marks.compose(result, [entry for given in args for entry in marks.scan(given)])
    else:
        computes("mod")(result, args, kwargs)


def _item(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``operator.getitem(text, slice)``: a piece; of a container the item itself."""
    if len(args) == 2:
        for source in marks.found(args[:1]):
            start = args[1].start if type(args[1]) is slice else args[1]
            known = type(start) is int and start >= 0
            cutting.part(result, source, "slice", start if known else -1)


RULES: dict[str, dict[str, Follow]] = {
    "builtins": {
        **dict.fromkeys(("int", "float", "complex", "bytes", "bytearray"), same_value),
        **dict.fromkeys(("str", "repr", "ascii", "format"), rendered),
        **{name: computes(name) for name in ("round", "abs", "pow", "divmod")},
        **{name: carries(name) for name in ("hex", "oct", "bin")},
        "sum": aggregates("sum"),
        **dict.fromkeys(("chr", "ord"), nothing),
        "sorted": listed_characters,
    },
    "decimal": {"Decimal": same_value},
    "fractions": {"Fraction": by_result("Fraction")},
    "math": {
        **{name: computes(name) for name in _MATH},
        **{name: aggregates(name) for name in ("fsum", "prod", "dist", "sumprod")},
    },
    "cmath": {name: computes(name) for name in ("sqrt", "exp", "log", "phase", "polar", "rect")},
    "statistics": {name: aggregates(name) for name in _STATISTICS},
    "operator": {
        **{name: computes(operation) for name, operation in _OPERATORS.items()},
        "mod": _remainder,
        "imod": _remainder,
        "getitem": _item,
    },
    "functools": {"reduce": aggregates("reduce")},
    "itertools": {"accumulate": nothing},
    "random": dict.fromkeys(("choice", "choices", "sample", "shuffle"), nothing),
}
METHODS: dict[str, dict[str, Follow]] = {
    "fractions.Fraction": {"limit_denominator": computes("limit_denominator")},
}
