"""Names of gRPC servers: https://github.com/grpc/grpc/blob/master/doc/naming.md."""

from __future__ import annotations

_DEFAULT_PORT = 443
_LOCAL = frozenset({"unix", "unix-abstract", "vsock"})
_SCHEMES = frozenset({"dns", "ipv4", "ipv6", "xds", "google-c2p", *_LOCAL})


def host_and_port(target: str) -> tuple[str, int] | None:
    """Return host and port that a target names; None for one on this machine's own sockets.

    Of several addresses the first.
    """
    scheme, colon, rest = target.partition(":")
    if colon and scheme.lower() in _SCHEMES:
        if scheme.lower() in _LOCAL:
            return None
        if rest.startswith("//"):
            rest = rest[2:].partition("/")[2]  # behind the authority, mostly empty
    elif "://" in target:
        rest = target.partition("://")[2].partition("/")[2]
    else:
        rest = target
    rest = rest.partition(",")[0]
    if rest.startswith("["):
        host, _, port = rest[1:].partition("]")
        port = port.removeprefix(":")
    elif rest.count(":") > 1:
        host, port = rest, ""  # an address of IP version 6 without brackets
    else:
        host, _, port = rest.partition(":")
    return host, int(port) if port.isdigit() else _DEFAULT_PORT
