"""Messages that ``logging`` puts together: ``log.info("%s booked %s", name, room)``.

A handler may send them anywhere (syslog, GELF, a vendor's), and what was a family name is then a
word in a sentence. The sentence is known as one that the program composed.
"""

from __future__ import annotations

import functools
import logging
from typing import Any

from sst_otel.guard import guard
from sst_otel.lineage.marks import data_of, keep
from sst_otel.registry.identity import IDS, Mark
from sst_otel.scope import PROCESS, current_scope
from sst_otel.tracebacks import drop_own_entry

ORIGINAL = logging.LogRecord.getMessage
_guarded = guard("hooks")


@functools.wraps(ORIGINAL)
def get_message(self: Any) -> Any:
    """Stand in for ``LogRecord.getMessage``."""
    try:
        message = ORIGINAL(self)
    except BaseException as error:
        drop_own_entry(error)
        raise
    if self.args:
        with _guarded:
            scope = current_scope()
            if scope is not PROCESS and scope.live and type(message) is str:
                sources = _marked(self.args)
                if sources and id(message) not in IDS:
                    keep(message, data_of(sources), composed=True)
    return message


def _marked(given: Any) -> list[Mark]:
    """Return the marks of what a message was given: positions, or the names of one dictionary."""
    kind = type(given)
    values: Any = given if kind is tuple else dict.values(given) if kind is dict else ()
    return [IDS[id(value)] for value in values if id(value) in IDS]
