"""An application that starts tracking itself, by the two lines people put into their app.py."""

import os
from pathlib import Path

import requests
from flask import Flask, request

from sst_otel import set_storage_callback, start_tracking, store_audit_event

app = Flask(__name__)
start_tracking()
set_storage_callback(store_audit_event)
seen = []


@app.get("/health")
def health():
    return "ok"


@app.post("/subscribe")
def subscribe():
    requests.post(f"{os.environ['VENDOR']}/subscribe", json={"email": request.form["email"]})
    return "ok"


@app.post("/own-callback")
def own_callback():
    def store(event):
        seen.append(event)
        raise OSError(f"no room at {Path.cwd()}")

    set_storage_callback(store)
    return "ok"


@app.get("/seen")
def what_was_seen():
    return seen
