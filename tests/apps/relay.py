"""One of several services: takes something in, and hands it on under a name of its own."""

from __future__ import annotations

import os

import requests
from flask import Flask, request, session

app = Flask(__name__)
app.secret_key = "relay" * 4


@app.get("/health")
def health():
    return "ok"


@app.post("/log-in")
def log_in():
    session["user_id"] = int(request.form["id"])
    return "ok"


@app.post("/join")
def join():
    form = request.form
    document = {"x17": form["membership_number"], "x18": form["email"], "note": "new"}
    return requests.post(f"{os.environ['NEXT']}/take", json=document, timeout=20).text


@app.post("/take")
def take():
    document = request.get_json()
    told = {"reference": document["x17"], "to": document["x18"]}
    requests.post(f"{os.environ['VENDOR']}/crm", json=told, timeout=20)
    return "taken"
