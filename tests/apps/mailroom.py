"""A club's site and what it leaves to Celery, written without any thought of tracking.

``flask --app mailroom run`` and ``celery -A mailroom:celery worker -B``. Its environment:
``CLUB_DB`` (a SQLite file with the members), ``BROKER`` (URL of a Redis), ``VENDOR`` (base URL of
everybody it talks to).
"""

import os
import sqlite3
from contextlib import closing

import redis
import requests
from celery import Celery, chain, chord, group
from flask import Flask, jsonify, request

app = Flask(__name__)
celery = Celery("mailroom", broker=os.environ["BROKER"], backend=os.environ["BROKER"])
celery.conf.update(
    broker_connection_retry_on_startup=True,
    beat_schedule={"round": {"task": "mailroom.round_letter", "schedule": 3.0}},
)


def member(number):
    with closing(sqlite3.connect(os.environ["CLUB_DB"], timeout=20)) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute("SELECT * FROM members WHERE id = ?", (number,)).fetchone()


def word(name):
    redis.from_url(os.environ["BROKER"]).blpop(name, timeout=60)


def tell(path, **fields):
    requests.post(os.environ["VENDOR"] + path, json=fields, timeout=20).raise_for_status()


@celery.task
def welcome(number):
    row = member(number)
    tell("/welcome", to=row["email"], town=row["city"])


@celery.task
def greet(email, city):
    tell("/greet", to=email, town=city)


@celery.task
def invite(user_id, email, city):
    tell("/invite", to=email, town=city)


@celery.task(bind=True, max_retries=3)
def insist(self, number):
    row = member(number)
    try:
        tell("/insist/" + str(self.request.retries), to=row["email"])
        if self.request.retries == 0:
            raise OSError("busy")
    except OSError as error:
        raise self.retry(exc=error, countdown=0.1) from error


@celery.task
def profile(number):
    row = member(number)
    return {"user_id": row["id"], "email": row["email"], "city": row["city"]}


@celery.task
def card(person):
    return {
        "user_id": person["user_id"],
        "email": person["email"],
        "words": f"Hello {person['city']}!",
    }


@celery.task
def send(card):
    tell("/send", to=card["email"], body=card["words"])


@celery.task
def report(people):
    for person in people:
        tell("/report", who=person["email"], where=person["city"])


@celery.task
def round_letter():
    with closing(sqlite3.connect(os.environ["CLUB_DB"], timeout=20)) as connection:
        rows = connection.execute("SELECT id, email, city FROM members ORDER BY id").fetchall()
    for _, email, city in rows:
        tell("/round", to=email, town=city)


@celery.task(time_limit=1)
def stuck(number):
    row = member(number)
    tell("/stuck", to=row["email"])
    word("never")


@celery.task
def slow(number):
    row = member(number)
    tell("/slow", to=row["email"], town=row["city"])
    word("go on")
    tell("/slower", to=row["email"], town=row["city"])


@app.get("/health")
def health():
    return "ok"


@app.post("/join")
def join():
    email, city = request.form["email"], request.form["city"]
    with closing(sqlite3.connect(os.environ["CLUB_DB"], timeout=20)) as connection, connection:
        done = connection.execute("INSERT INTO members (email, city) VALUES (?, ?)", (email, city))
    number = done.lastrowid
    welcome.delay(number)
    greet.delay(email, city)
    invite.delay(number, email=email, city=city)
    insist.delay(number)
    chain(profile.s(number), card.s(), send.s()).delay()
    return jsonify(id=number)


@app.post("/report")
def make_report():
    with closing(sqlite3.connect(os.environ["CLUB_DB"], timeout=20)) as connection:
        numbers = [number for (number,) in connection.execute("SELECT id FROM members")]
    chord(profile.s(number) for number in numbers)(report.s())
    group(welcome.s(number) for number in numbers).delay()
    return jsonify(count=len(numbers))


@app.post("/trouble")
def trouble():
    stuck.delay(31)
    return "ok"


@app.post("/last")
def last():
    slow.delay(32)
    return "ok"
