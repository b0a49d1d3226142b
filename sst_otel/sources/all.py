"""All sources that a tracker starts with."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sst_otel.patching import Patches
from sst_otel.settings import Settings
from sst_otel.sources import (
    aiohttp_server,
    asgi_apps,
    bottle,
    celery,
    cherrypy,
    commands,
    django,
    falcon,
    flask,
    form_parts,
    grpc,
    processes,
    pyramid,
    rq,
    starlette,
    threads,
    tornado,
    webpy,
    wsgi_servers,
)
from sst_otel.sources.databases import Databases
from sst_otel.tagging import Tagger

_SERVERS = (
    *(flask, starlette, django, grpc, asgi_apps),
    *(pyramid, bottle, falcon, webpy, cherrypy, wsgi_servers),
    *(aiohttp_server, tornado),
)
_JOBS = (celery, rq, commands, processes)


def installs(
    tagger: Tagger, settings: Settings, databases: Databases
) -> tuple[Callable[[], Patches], ...]:
    """Return what installs each, so that one that fails does not take the others with it."""
    return (
        *(
            partial(server.install, tagger, settings.owner, databases.accounts)
            for server in _SERVERS
        ),
        *databases.installs(),
        *(partial(job.install, tagger) for job in _JOBS),
        form_parts.install,
        threads.install,
    )
