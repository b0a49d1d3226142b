"""Servers on loopback that take whatever comes and answer briefly, in a process of their own.

Prints ``{"http": port, "grpc": …, "smtp": …, "redis": …, "raw": …}`` and runs until killed.
"""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import grpc
from aiosmtpd.smtp import SMTP
from fakeredis import TcpFakeServer

LONGEST = 8_000_000
CHAT = json.dumps(
    {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": "Fine."},
            }
        ],
    }
).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read one HTTP request after the other."""
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            if b"expect: 100-continue" in head:
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            for line in head.split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    await reader.readexactly(int(line.partition(b":")[2]))
            content = CHAT if b"/chat/completions" in head else b""
            writer.write(HEAD % (len(content), content))
            await writer.drain()
    writer.close()


async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read on and on."""
    with suppress(ConnectionError):
        while await reader.read(LONGEST):
            pass
    writer.close()


class Inbox:
    """A mail server's handler that throws mails away."""

    async def handle_DATA(self, *_: Any) -> str:
        """Take a mail."""
        return "250 OK"


def grpc_server() -> tuple[Any, int]:
    """Run a gRPC server that answers every unary call with nothing; returns it and its port."""
    limit = [("grpc.max_receive_message_length", LONGEST)]
    server = grpc.server(ThreadPoolExecutor(2), options=limit)
    method = grpc.unary_unary_rpc_method_handler(lambda _request, _context: b"")
    handlers = grpc.method_handlers_generic_handler("shop.Crm", {"Add": method})
    server.add_generic_rpc_handlers((handlers,))
    port: int = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def redis_port() -> int:
    """Run a redis server; returns its port."""
    server = TcpFakeServer(("127.0.0.1", 0), server_type="redis")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port: int = server.server_address[1]
    return port


async def main() -> None:
    """Listen until killed."""
    loop = asyncio.get_running_loop()
    servers = {
        "http": await asyncio.start_server(answer, "127.0.0.1", 0, limit=LONGEST),
        "raw": await asyncio.start_server(swallow, "127.0.0.1", 0, limit=LONGEST),
        "smtp": await loop.create_server(
            lambda: SMTP(Inbox(), hostname="localhost", loop=loop), "127.0.0.1", 0
        ),
    }
    ports = {name: server.sockets[0].getsockname()[1] for name, server in servers.items()}
    running, port = grpc_server()
    print(json.dumps({**ports, "grpc": port, "redis": redis_port()}), flush=True)
    await asyncio.Event().wait()
    running.stop(None)


asyncio.run(main())
