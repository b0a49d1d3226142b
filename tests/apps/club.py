"""What the sites of a club have in common, whatever framework they are written in.

Its environment: ``SHOP_DB`` (SQLAlchemy URL), ``VENDOR`` (base URL of everybody it talks to).
"""

import hashlib
import os
from datetime import date

import requests
from sqlalchemy import create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.schema import CreateTable

VENDOR = os.environ.get("VENDOR", "http://127.0.0.1:9")
engine = create_engine(os.environ.get("SHOP_DB", "sqlite://"))


@event.listens_for(engine, "connect")
def wait_for_others(connection, _):
    connection.execute("PRAGMA busy_timeout = 20000")


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    first_name: Mapped[str]
    last_name: Mapped[str]
    phone: Mapped[str]
    birthday: Mapped[date]
    city: Mapped[str]
    income: Mapped[int]


with engine.begin() as connection:  # every worker does it, in whatever order
    connection.execute(CreateTable(User.__table__, if_not_exists=True))


def hash_of(text):
    return hashlib.sha256(text.strip().lower().encode()).hexdigest()


def sign_up(form):
    with Session(engine) as db:
        user = User(
            email=form["email"],
            password_hash=hash_of(form["password"]),
            first_name=form["first_name"],
            last_name=form["last_name"],
            phone=form["phone"],
            birthday=date.fromisoformat(form["birthday"]),
            city=form["city"],
            income=int(form["income"]),
        )
        db.add(user)
        db.commit()
        return user.id


def log_in(email, password):
    """The account's id, or None."""
    with Session(engine) as db:
        user = db.scalar(select(User).where(User.email == email))
        return user.id if user is not None and user.password_hash == hash_of(password) else None


def name_of(user_id):
    with Session(engine) as db:
        user = db.get(User, user_id)
        return f"{user.first_name} {user.last_name}"


def contact(user_id):
    with Session(engine) as db:
        user = db.get(User, user_id)
        fields = {
            "mail": user.email,
            "first_name": user.first_name,
            "city": user.city,
            "birthday": user.birthday.isoformat(),
            "income": user.income,
        }
    requests.post(f"{VENDOR}/crm/contacts", json=fields, timeout=20)


def conversion(user_id):
    with Session(engine) as db:
        user = db.get(User, user_id)
        data = {"em": [hash_of(user.email)], "ph": [hash_of(user.phone.lstrip("+"))]}
    requests.post(f"{VENDOR}/pixel/events", json={"data": [{"user_data": data}]}, timeout=20)


def tell(place, fields):
    """Send what a visitor has typed to somebody else."""
    requests.post(f"{VENDOR}/{place}", json=fields, timeout=20)


def people():
    """Lines of all members' addresses, as they come out of the table."""
    with Session(engine) as db:
        for user in db.scalars(select(User).order_by(User.id)):
            yield f"{user.email}\n".encode()


def ask_around():
    """Have a stranger hear of every member, line by line, while they are read."""
    for line in people():
        requests.post(f"{VENDOR}/leads", json={"mail": line.decode().strip()}, timeout=20)
        yield line
