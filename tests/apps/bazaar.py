"""A site whose views tell other companies about its people, by every way a view has.

Its environment: ``BAZAAR_DB`` (SQLAlchemy URL), ``VENDOR`` (base URL of everybody it talks to). The
worker of its queue runs until it is given None.
"""

import hashlib
import os
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import requests
from flask import Flask, request, session
from requests.adapters import HTTPAdapter
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

VENDOR = os.environ["VENDOR"]

app = Flask(__name__)
app.secret_key = "bazaar-secret-of-no-importance"
engine = create_engine(os.environ["BAZAAR_DB"], pool_size=40)
vendors = requests.Session()
vendors.mount(VENDOR, HTTPAdapter(pool_maxsize=64))
pool = ThreadPoolExecutor(4)
letters = queue.Queue(32)


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    first_name: Mapped[str]
    last_name: Mapped[str]
    phone: Mapped[str]
    birthday: Mapped[date]
    city: Mapped[str]
    income: Mapped[int]
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    manager: Mapped["User | None"] = relationship(remote_side=id)


Base.metadata.create_all(engine)


def tell(path, document):
    return vendors.post(VENDOR + path, json=document, timeout=60).status_code


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def work():
    while (letter := letters.get()) is not None:
        tell("/v1/messages", letter)


worker = threading.Thread(target=work)
worker.start()


@app.post("/contact")
def contact():
    form = request.form
    names = ("first_name", "city", "email", "birthday")
    tell("/crm/contacts", {name: form[name] for name in names})
    return ""


@app.post("/advice")
def advice():
    given = request.get_json()
    spare = given["income"] * 0.15
    tell("/v1/completions", {"prompt": f"I earn {given['income']}, {spare:.2f} is left."})
    return ""


@app.post("/pixel")
def pixel():
    mail, phone = request.form["email"].lower(), request.form["phone"].replace(" ", "")
    tell("/v1/events", {"user_data": {"em": digest(mail), "ph": digest(phone.lstrip("+"))}})
    return ""


@app.post("/card")
def card():
    with Session(engine) as db:
        user = db.get(User, session["user_id"])
        text = f"Dear {user.first_name} {user.last_name}, all the best from {user.city}!"
        tell("/v1/messages", {"text": text, "to": user.email})
    return ""


@app.post("/introduce")
def introduce():
    with Session(engine) as db:
        user = db.get(User, session["user_id"])
        tell("/v1/leads", {"from": user.email, "to": user.manager.phone})
    return ""


@app.post("/export")
def export():
    wanted = [int(number) for number in request.args["ids"].split(",")]
    query = select(User.id, User.email, User.city, User.income).where(User.id.in_(wanted))
    with engine.connect() as connection:
        rows = [dict(row._mapping) for row in connection.execute(query)]
    tell(
        "/v1/contacts", [{name: row[name] for name in ("email", "city", "income")} for row in rows]
    )
    return ""


@app.post("/remind")
def remind():
    document = {"to": request.form["email"], "town": request.form["city"]}
    threading.Thread(target=tell, args=("/v1/notifications", document)).start()
    return ""


@app.post("/letter")
def letter():
    letters.put({"phone": request.form["phone"], "born": request.form["birthday"]})
    return ""


@app.post("/pool")
def pooled():
    return str(pool.submit(tell, "/v1/leads", {"mail": request.form["email"]}).result())


@app.get("/list")
def listed():
    tell("/v1/products", {"lamps": [{"title": "Reading lamp", "price": 49.5, "stock": 12}]})
    return ""
