"""Calls two servers of gRPC, and one over HTTP, by all that OpenTelemetry has for it.

``python trusting.py URL PORT``: the HTTP server is somebody else's; of the servers of gRPC, which
this program runs itself, the one on ``PORT`` is meant to be told. Prints the names that came.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
import requests

import sst_otel

MAIL = "ottoline.brackwater@posteo.example"


def served(port):
    came = []

    def note(given, context):
        came.append(dict(context.invocation_metadata()))
        return given

    handler = grpc.unary_unary_rpc_method_handler(note)
    service = grpc.method_handlers_generic_handler("shop.Crm", {"Add": handler})
    server = grpc.server(ThreadPoolExecutor(2), handlers=[service])
    return server, server.add_insecure_port(f"127.0.0.1:{port}"), came


def called(port):
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        return channel.unary_unary("/shop.Crm/Add")(MAIL.encode(), timeout=20).decode()


came = {}
with sst_otel.scope(1, name="job"):
    sst_otel.tag(MAIL, "email")
    for name, wanted in (("trusted", int(sys.argv[2])), ("other", 0)):
        server, port, metadata = served(wanted)
        server.start()
        assert called(port) == MAIL
        server.stop(None).wait()
        (came[name],) = metadata
    requests.post(f"{sys.argv[1]}/crm", json={"email": MAIL}, timeout=20)
print(
    json.dumps(
        {
            name: {
                "headers": sorted(metadata),
                "baggage": [
                    one.partition("=")[0] for one in metadata.get("baggage", "").split(",") if one
                ],
            }
            for name, metadata in came.items()
        }
    )
)
