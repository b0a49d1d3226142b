"""Shows an error with its variables, as loggers for people do: ``shown.py CLOSED_PORT``.

Prints what each makes of an error and, where it can, of the stack as it is, with what it is called.
"""

import cgitb
import io
import json
import sys

import better_exceptions
import flask
import loguru
import requests
import rich.console
import rich.traceback
import stackprinter
import structlog

import sst_otel

MAIL = "zephyrine.quackenbusch@canary-mail.example"
shown = {}


def by_loguru():
    out = io.StringIO()
    loguru.logger.remove()
    loguru.logger.add(out, backtrace=True, diagnose=True, colorize=False)
    loguru.logger.exception("failed")
    return out.getvalue()


def by_rich():
    console = rich.console.Console(file=io.StringIO(), width=200)
    console.print(rich.traceback.Traceback(show_locals=True, locals_max_string=None))
    return console.file.getvalue()


def by_structlog():
    frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=True)
    return json.dumps(frames(sys.exc_info()))


def by_better_exceptions():
    return "".join(better_exceptions.format_exception(*sys.exc_info()))


WAYS = {
    "loguru": by_loguru,
    "rich": by_rich,
    "stackprinter": lambda: stackprinter.format(sys.exc_info()),
    "stackprinter of the stack": lambda: stackprinter.format(sys._getframe()),
    "better_exceptions": by_better_exceptions,
    "structlog": by_structlog,
    # It cannot show an OSError.
    "cgitb": lambda: cgitb.text((LookupError, LookupError("refused"), sys.exc_info()[2])),
}

sst_otel.start_tracking(database_url="sqlite:///audit.db", key="k" * 32)
app = flask.Flask("shown")


@app.post("/contact")
def contact():
    email = flask.request.form["email"]
    try:
        requests.post(f"http://127.0.0.1:{sys.argv[1]}", json={"email": email}, timeout=20)
    except requests.ConnectionError:
        for name, way in WAYS.items():
            shown[name] = way()
    return "ok"


app.test_client().post("/contact", data={"email": MAIL})
sst_otel.stop_tracking()
print(json.dumps(shown))
