"""Taking our own entry off the traceback of an exception that passes through us.

Up to Python 3.10 the interpreter keeps the traceback of the exception that is being handled beside
the exception, and a bare ``raise`` takes that one, whatever the exception says. Only the C API can
change it: https://docs.python.org/3.10/c-api/exceptions.html#c.PyErr_SetExcInfo
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

_F = TypeVar("_F", bound=Callable[..., Any])

set_traceback = vars(BaseException)["__traceback__"].__set__
"""The setter itself: a class of the application may override the attribute."""


def drop_own_entry(error: BaseException) -> None:
    """Take the frame of the caller, an except block about to re-raise, off ``error``."""
    traceback = error.__traceback__
    if traceback is not None:
        set_traceback(error, traceback.tb_next)
        if _set_handled is not None:
            _set_handled(error, traceback.tb_next)


def unseen(function: _F) -> _F:
    """Return ``function``, which leaves no entry in the traceback of what it raises."""

    @functools.wraps(function)
    def calling(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            del args, kwargs
            drop_own_entry(error)
            drop_own_entry(error)  # and that of the function
            raise

    return calling  # type: ignore[return-value]


def _handled_setter() -> Callable[[BaseException, TracebackType | None], None] | None:
    """Return what replaces the traceback of the exception being handled; None where needless."""
    if sys.version_info >= (3, 11):
        return None
    import ctypes

    api = ctypes.pythonapi
    for function, arguments in ((api.PyErr_SetExcInfo, 3), (api.Py_IncRef, 1)):
        function.argtypes = [ctypes.py_object] * arguments
        function.restype = None

    def set_handled(error: BaseException, traceback: TracebackType | None) -> None:
        handled: tuple[Any, ...] = (type(error), error, traceback)
        for each in handled:
            api.Py_IncRef(each)  # PyErr_SetExcInfo keeps the references it is given
        api.PyErr_SetExcInfo(*handled)

    return set_handled


_set_handled = _handled_setter()
