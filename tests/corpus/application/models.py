"""The tables of the application that the corpus's programs belong to."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """Registers the tables."""


db: Any = SQLAlchemy(model_class=Base)


class User(Base):
    """An account."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    phone: Mapped[str | None]
    birthday: Mapped[date | None]
    income: Mapped[int | None]
    gender: Mapped[str | None]
    address: Mapped[str | None]
    postcode: Mapped[str | None]
    city: Mapped[str | None]
    country: Mapped[str | None]
    team: Mapped[str]
    is_active: Mapped[bool] = mapped_column(default=True)
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    manager: Mapped[User | None] = relationship(remote_side="User.id")
    orders: Mapped[list[Order]] = relationship(back_populates="user", order_by="Order.id")


class Order(Base):
    """What an account bought."""

    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    item: Mapped[str]
    total: Mapped[Decimal]
    quantity: Mapped[int]
    receipt_email: Mapped[str]
    user: Mapped[User] = relationship(back_populates="orders")


class Note(Base):
    """A text the application keeps about an account."""

    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    text: Mapped[str]


class Office(Base):
    """A place of the company: public."""

    __tablename__ = "offices"
    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str]
    street: Mapped[str]
    town: Mapped[str]
    opened: Mapped[date]
    budget: Mapped[int]


class Product(Base):
    """Something for sale: public."""

    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    price: Mapped[int]
    made_in: Mapped[str]
    released: Mapped[date]
