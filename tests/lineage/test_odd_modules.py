"""Modules that are not rewritten, or do odd things, behave as without us and are listed."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

from sst_otel import lineage
from tests.lineage.modules import is_rewritten, load, write
from tests.lineage.support import describe, fresh, marked, scope, source_value


def test_a_module_nested_too_deeply(packages: Path, install: Callable[..., None]) -> None:
    long_sum = " + ".join(["'a'"] * 3_000)
    write(packages, {"deep_sum.py": f"def f(x):\n    return x + {long_sum}\n"})
    try:
        compile((packages / "deep_sum.py").read_text(), "deep_sum.py", "exec")
    except RecursionError:
        install()
        with pytest.raises(RecursionError):
            load("deep_sum")
    else:
        install()
        assert load("deep_sum").f("b") == "b" + "a" * 3_000
        reason = lineage.report()["skipped"].get("deep_sum", "is nested too deeply")
        assert reason == "is nested too deeply"


def test_code_that_is_made_when_it_runs(packages: Path, install: Callable[..., None]) -> None:
    write(
        packages,
        {
            "makes_code.py": "def f(name):\n"
            "    made = {}\n"
            "    exec('def g(v):\\n    return v + 1 if isinstance(v, int) else v + \"!\"', made)\n"
            "    return made['g'](name), eval('name + name'), f'{name}?', sorted(locals())\n"
        },
    )
    install()
    function = load("makes_code").f
    assert is_rewritten(function)
    with scope() as opened:
        name = fresh("Ada Lovelace")
        source_value(name, "name", opened)
        first, second, third, names = function(name)
        assert (first, second) == ("Ada Lovelace!", "Ada LovelaceAda Lovelace")
        assert names == ["made", "name"]
        assert marked(first) is None  # made code is not rewritten
        assert describe(marked(third)) == "composed name:ada"


def test_reloading_and_circles(packages: Path, install: Callable[..., None]) -> None:
    write(
        packages,
        {
            "ring_a.py": "import ring_b\nCOUNT = globals().get('COUNT', 0) + 1\n"
            "def f(x):\n    return ring_b.g(x) + 'a'\n",
            "ring_b.py": "import ring_a\ndef g(x):\n    return f'{x}b'\n",
        },
    )
    install()
    module = load("ring_a")
    assert module.f("x") == "xba"
    again = importlib.reload(module)
    assert again is module
    assert module.COUNT == 2
    assert module.f("x") == "xba"
    assert is_rewritten(module.f)


def test_a_module_that_uses_our_names(packages: Path, install: Callable[..., None]) -> None:
    write(packages, {"same_names.py": "def f(x):\n    _sst = x + 'a'\n    return _sst\n"})
    install()
    module = load("same_names")
    assert module.f("b") == "ba"
    assert not is_rewritten(module.f)
    assert lineage.report()["skipped"]["same_names"] == "uses names that the rewriting uses"


def test_a_main_module_run_by_name_is_rewritten_once(
    packages: Path, install: Callable[..., None]
) -> None:
    write(
        packages, {"app_pkg/__init__.py": "", "app_pkg/tool.py": "def f(x):\n    return x + 'a'\n"}
    )
    install()
    assert is_rewritten(load("app_pkg.tool").f)
    assert "app_pkg" not in lineage.report()["skipped"]
