"""An application as its people run it with sentry-sdk, which sends all it can of every frame.

Besides exceptions it captures the stack where a request goes out, with all that is running then.

Its environment: ``APP`` (module of the application), ``SENTRY`` (base URL of who gets it).
"""

import importlib
import json
import logging
import os
import sys
import threading
from collections import Counter

import sentry_sdk
from flask import has_request_context, request
from opentelemetry.util._importlib_metadata import entry_points
from sentry_sdk.integrations.logging import LoggingIntegration

sentry_sdk.init(
    os.environ["SENTRY"].replace("://", "://key@") + "/1",
    add_full_stack=True,
    attach_stacktrace=True,
    include_local_variables=True,
    integrations=[LoggingIntegration(event_level=logging.WARNING)],
    max_request_body_size="always",
    max_stack_frames=500,
    max_value_length=100_000,
    send_default_pii=True,
    traces_sample_rate=1.0,
)
app = importlib.import_module(os.environ["APP"]).app
capturing = threading.local()
stacks = {"captured": 0, "with sst_otel": 0}
seen = Counter()


def ours_on_the_stack():
    frame = sys._getframe()
    while frame is not None:
        if str(frame.f_globals.get("__name__")).startswith("sst_otel."):
            return True
        frame = frame.f_back
    return False


def on_audit_event(name, arguments):
    """Capture it, a few times for each of the application's views."""
    if name not in ("http.client.send", "socket.connect") or getattr(capturing, "now", False):
        return
    if threading.current_thread().name.startswith("sentry"):
        return
    view = request.endpoint if has_request_context() else None
    seen[name, view] += 1
    if seen[name, view] > 3:
        return
    capturing.now = True
    try:
        stacks["captured"] += 1
        stacks["with sst_otel"] += ours_on_the_stack()
        sentry_sdk.capture_message(f"seen: {name}")
    finally:
        capturing.now = False


sys.addaudithook(on_audit_event)


@app.get("/about")
def about():
    """Tell which instrumentations are on, and how often ours was on the stack."""
    on = {
        point.name: point.load()().is_instrumented_by_opentelemetry
        for point in entry_points(group="opentelemetry_instrumentor")
    }
    routes = [
        (rule.rule, sorted(rule.methods - {"HEAD", "OPTIONS"})) for rule in app.url_map.iter_rules()
    ]
    return json.dumps({"instrumentations": on, "stacks": stacks, "routes": routes})
