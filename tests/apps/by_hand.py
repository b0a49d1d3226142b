"""A site of no framework, straight on WSGI. Its environment: ``VENDOR``, whom it tells."""

import json
import os
import urllib.parse

import requests


def given(environ):
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    if "json" in environ["CONTENT_TYPE"]:
        return json.loads(body)
    return {name: values[0] for name, values in urllib.parse.parse_qs(body.decode()).items()}


def app(environ, start_response):
    if environ["REQUEST_METHOD"] == "POST":
        form = given(environ)
        fields = {"town": form["city"], "born": form["birthday"]}
        requests.post(f"{os.environ['VENDOR']}/contacts", json=fields, timeout=20)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]
