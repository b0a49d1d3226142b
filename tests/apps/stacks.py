"""Takes the stack as error trackers do while a request goes out: ``stacks.py URL``.

Prints which modules stand in it, for each tracker and as the interpreter has them, with all locals.
"""

import json
import sys
import traceback

import requests
import sentry_sdk.utils

import sst_otel

MAIL = "zephyrine.quackenbusch@canary-mail.example"


def elastic():
    from elasticapm.utils import stacks  # imported when tracking is on, the other one before

    return stacks.get_stack_info(stacks.iter_stack_frames())


def on_audit_event(name, _):
    if name == "http.client.send" and not taken:
        frames = {
            "sentry": sentry_sdk.utils.current_stacktrace()["frames"],
            "elastic": elastic(),
            "interpreter": [
                {"module": frame.f_globals["__name__"], "vars": repr(frame.f_locals)}
                for frame, _ in traceback.walk_stack(None)
            ],
        }
        for tracker, held in frames.items():
            taken[tracker] = [(frame["module"], repr(frame.get("vars"))) for frame in held]


taken = {}
sys.addaudithook(on_audit_event)
sst_otel.start_tracking(database_url="sqlite:///audit.db", key="k" * 32)
with sst_otel.scope("7"):
    sst_otel.tag(MAIL, "email")
    requests.post(sys.argv[1], json={"email": MAIL}, timeout=20)
sst_otel.stop_tracking()
print(json.dumps(taken))
