"""A small web shop as people wrote it in 2022: Flask 2.1, Flask-Login, SQLAlchemy 1.4's queries.

Its environment: ``SHOP_DB`` (SQLAlchemy URL), ``VENDOR`` (base URL of everybody it talks to).
"""

import hashlib
import os
from datetime import datetime

import requests
from flask import Flask, abort, jsonify, request
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user
from sqlalchemy import Column, Date, Integer, String, create_engine
from sqlalchemy.ext.declarative import declarative_base
from sqlalchemy.orm import scoped_session, sessionmaker
from sqlalchemy.schema import CreateTable

VENDOR = os.environ["VENDOR"]
app = Flask(__name__)
app.secret_key = "shop-secret-of-no-importance"
login_manager = LoginManager(app)
engine = create_engine(os.environ["SHOP_DB"], connect_args={"timeout": 20})
db = scoped_session(sessionmaker(bind=engine))
Base = declarative_base()


class User(UserMixin, Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    email = Column(String(200), unique=True)
    password_hash = Column(String(64))
    first_name = Column(String(100))
    last_name = Column(String(100))
    phone = Column(String(30))
    birthday = Column(Date)
    city = Column(String(100))
    income = Column(Integer)


with engine.begin() as connection:  # every worker does it, in whatever order
    for table in Base.metadata.sorted_tables:
        connection.execute(CreateTable(table, if_not_exists=True))


@app.teardown_appcontext
def remove_session(_error=None):
    db.remove()


@login_manager.user_loader
def load_user(user_id):
    return db.query(User).get(int(user_id))


def hash_of(text):
    return hashlib.sha256(text.strip().lower().encode()).hexdigest()


@app.route("/health")
def health():
    return "ok"


@app.route("/signup", methods=["POST"])
def sign_up():
    form = request.form
    user = User(
        email=form["email"],
        password_hash=hash_of(form["password"]),
        first_name=form["first_name"],
        last_name=form["last_name"],
        phone=form["phone"],
        birthday=datetime.strptime(form["birthday"], "%Y-%m-%d").date(),
        city=form["city"],
        income=int(form["income"]),
    )
    db.add(user)
    db.commit()
    return jsonify(id=user.id), 201


@app.route("/login", methods=["POST"])
def log_in():
    user = db.query(User).filter_by(email=request.form["email"]).first()
    if user is None or user.password_hash != hash_of(request.form["password"]):
        abort(403)
    login_user(user)
    return jsonify(name=user.first_name)


@app.route("/contact", methods=["POST"])
@login_required
def contact():
    fields = {
        "mail": current_user.email,
        "first_name": current_user.first_name,
        "city": current_user.city,
        "birthday": current_user.birthday.isoformat(),
        "income": current_user.income,
    }
    requests.post(VENDOR + "/crm/contacts", json=fields, timeout=20)
    return "", 204


@app.route("/conversion", methods=["POST"])
@login_required
def conversion():
    data = {"em": [hash_of(current_user.email)], "ph": [hash_of(current_user.phone.lstrip("+"))]}
    requests.post(VENDOR + "/pixel/events", json={"data": [{"user_data": data}]}, timeout=20)
    return "", 204
