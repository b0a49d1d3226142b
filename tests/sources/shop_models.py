"""Models of a shop and a clinic, as tests of rows share them."""

from __future__ import annotations

import datetime
import enum
from typing import Any

from sqlalchemy import (
    Column,
    Date,
    Enum,
    Float,
    ForeignKey,
    Integer,
    String,
)
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, declarative_base, relationship

Base: Any = declarative_base()


class User(Base):  # type: ignore[misc]
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    email = Column(String, unique=True)
    password_hash = Column(String)
    first_name = Column(String)
    city = Column(String)
    birthday = Column(Date)
    income = Column(Float)
    public_id = Column(String, unique=True)
    logins = Column(Integer)
    contact = Column(String)


class Sex(enum.Enum):
    WOMAN = "female"
    MAN = "male"


class Pupil(Base):  # type: ignore[misc]
    __tablename__ = "pupils"
    id = Column(Integer, primary_key=True)
    email = Column(String)
    gender: Any = Column(Enum(Sex))
    sex: Any = Column(Enum("female", "male", name="sex"))


class Profile(Base):  # type: ignore[misc]
    __tablename__ = "profiles"
    id = Column(Integer, primary_key=True)
    user_id = Column(Integer, ForeignKey("users.id"))
    phone = Column(String)
    created_by_id = Column(Integer, ForeignKey("users.id"))
    user = relationship("User", foreign_keys=[user_id])


class Admin(User):
    __tablename__ = "admins"
    id = Column(Integer, ForeignKey("users.id"), primary_key=True)
    phone = Column(String)


class Customer(Base):  # type: ignore[misc]
    __tablename__ = "customers"
    id = Column(Integer, primary_key=True)
    email = Column(String)
    name = Column(String)


class Patient(Base):  # type: ignore[misc]
    __tablename__ = "patients"
    id = Column(Integer, primary_key=True)
    doctor_id = Column(Integer, ForeignKey("users.id"))
    user_id = Column(Integer, ForeignKey("users.id"), nullable=True)
    name = Column(String)
    phone = Column(String)


class Contact(Base):  # type: ignore[misc]
    __tablename__ = "crm_contacts"
    id = Column(Integer, primary_key=True)
    user_id = Column(Integer, ForeignKey("users.id"))
    name = Column(String)
    email = Column(String)


class Product(Base):  # type: ignore[misc]
    __tablename__ = "products"
    id = Column(Integer, primary_key=True)
    name = Column(String)
    city = Column(String)
    price = Column(Float)


class Order(Base):  # type: ignore[misc]
    __tablename__ = "orders"
    id = Column(Integer, primary_key=True)
    user_id = Column(Integer, ForeignKey("users.id"))
    shipping_address = Column(String)
    total = Column(Float)


def fill_shop(engine: Engine) -> None:
    """Write two users who share city, birthday, income and first name."""
    Base.metadata.create_all(engine)
    with Session(engine) as db:
        for number, mail in ((1, "ann.keller@example.com"), (2, "ann.moser@example.org")):
            db.add(
                User(
                    id=number,
                    email=mail,
                    password_hash="x",
                    first_name="Ann",
                    city="Boston",
                    birthday=datetime.date(1990, 5, 17),
                    income=50000.0,
                    public_id=f"u-{number}00",
                    contact=f"second.mail{number}@example.net",
                )
            )
            db.add(Profile(id=number, user_id=number, phone=f"+1 201 555 012{number}"))
        db.add(Customer(id=1, email="kim.park@example.com", name="Kim Park"))
        db.add(Product(id=1, name="Ann Arbor Chair", city="Boston"))
        db.commit()
