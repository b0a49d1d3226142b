"""All sinks that are one function; those of raw drivers go beneath the cursors of their sources.

Those of libraries that OpenTelemetry or nearly every application imports stand here, others in
:mod:`sst_otel.sinks.later`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sst_otel.patching import Patches
from sst_otel.settings import Settings
from sst_otel.sinks import (
    files,
    http_client,
    later,
    logs,
    requests,
    smtp,
    sockets,
    sqlalchemy,
    subprocess,
    urllib,
    urllib3,
)
from sst_otel.sinks.outgoing import Outgoing

_INSTALLS: tuple[Callable[[Outgoing], Patches], ...] = (
    requests.install,
    urllib3.install,
    urllib.install,
    http_client.install,
    sockets.install,
    sqlalchemy.install,
    smtp.install,
    subprocess.install,
)


def installs(
    emit: Outgoing, settings: Settings, add: Callable[[Patches], object]
) -> tuple[Callable[[], Patches], ...]:
    """Return what installs each, so that one that fails does not take the others with it.

    ``add`` takes the patches of those that are installed with their library.
    """
    return (
        *(partial(install, emit) for install in _INSTALLS),
        partial(later.install, emit, add),
        partial(files.install, emit, settings.files),
        partial(logs.install, emit, settings.logs),
    )
