"""A club's site on FastAPI, written without any thought of tracking.

Its environment: ``SHOP_DB`` (SQLAlchemy URL), ``VENDOR`` (base URL of everybody it talks to).
"""

import hashlib
import os
from contextlib import asynccontextmanager
from datetime import date
from typing import Annotated

import httpx
import requests
from fastapi import Depends, FastAPI, Form, HTTPException, Request, Response
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.schema import CreateTable
from starlette.middleware.sessions import SessionMiddleware

VENDOR = os.environ["VENDOR"]
engine = create_async_engine(os.environ["SHOP_DB"].replace("sqlite:", "sqlite+aiosqlite:"))
crm = httpx.AsyncClient(base_url=VENDOR)


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


class SignUp(BaseModel):
    email: str
    password: str
    first_name: str
    last_name: str
    phone: str
    birthday: date
    city: str
    income: int


@asynccontextmanager
async def lifespan(_app):
    async with engine.begin() as connection:  # every worker does it, in whatever order
        for table in Base.metadata.sorted_tables:
            await connection.execute(CreateTable(table, if_not_exists=True))
    yield
    await crm.aclose()
    await engine.dispose()


app = FastAPI(lifespan=lifespan)
app.add_middleware(SessionMiddleware, secret_key="guild-secret-of-no-importance")


def hash_of(text):
    return hashlib.sha256(text.strip().lower().encode()).hexdigest()


async def me(request: Request):
    async with AsyncSession(engine, expire_on_commit=False) as db:
        user = await db.get(User, request.session.get("user_id", 0))
    if user is None:
        raise HTTPException(401)
    return user


Me = Annotated[User, Depends(me)]


@app.get("/health")
async def health():
    return "ok"


@app.post("/signup", status_code=201)
async def sign_up(form: Annotated[SignUp, Form()]):
    fields = form.model_dump()
    user = User(password_hash=hash_of(fields.pop("password")), **fields)
    async with AsyncSession(engine, expire_on_commit=False) as db:
        db.add(user)
        await db.commit()
        return {"id": user.id}


@app.post("/login")
async def log_in(request: Request, email: Annotated[str, Form()], password: Annotated[str, Form()]):
    async with AsyncSession(engine, expire_on_commit=False) as db:
        user = await db.scalar(select(User).where(User.email == email))
    if user is None or user.password_hash != hash_of(password):
        raise HTTPException(403)
    request.session["user_id"] = user.id
    return {"name": user.first_name}


@app.post("/contact")
async def contact(user: Me):
    fields = {
        "mail": user.email,
        "first_name": user.first_name,
        "city": user.city,
        "birthday": user.birthday.isoformat(),
        "income": user.income,
    }
    await crm.post("/crm/contacts", json=fields)
    return Response(status_code=204)


@app.post("/conversion")
def conversion(user: Me):
    data = {"em": [hash_of(user.email)], "ph": [hash_of(user.phone.lstrip("+"))]}
    requests.post(f"{VENDOR}/pixel/events", json={"data": [{"user_data": data}]}, timeout=20)
    return Response(status_code=204)
