# ruff: noqa: B008 (the way FastAPI had it)
"""A club's site as people wrote it in 2023: FastAPI 0.95, pydantic 1, SQLAlchemy 1.4.

Its environment: ``SHOP_DB`` (SQLAlchemy URL), ``VENDOR`` (base URL of everybody it talks to).
"""

import hashlib
import os
from datetime import date

import httpx
import requests
from fastapi import Depends, FastAPI, Form, HTTPException, Request, Response
from pydantic import BaseModel
from sqlalchemy import Column, Date, Integer, String, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import declarative_base, sessionmaker
from sqlalchemy.schema import CreateTable
from starlette.middleware.sessions import SessionMiddleware

VENDOR = os.environ["VENDOR"]
engine = create_async_engine(os.environ["SHOP_DB"].replace("sqlite:", "sqlite+aiosqlite:"))
SessionLocal = sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)
Base = declarative_base()
crm = httpx.AsyncClient(base_url=VENDOR)


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    email = Column(String, unique=True, nullable=False)
    password_hash = Column(String, nullable=False)
    first_name = Column(String, nullable=False)
    last_name = Column(String, nullable=False)
    phone = Column(String, nullable=False)
    birthday = Column(Date, nullable=False)
    city = Column(String, nullable=False)
    income = Column(Integer, nullable=False)


class Contact(BaseModel):
    mail: str
    first_name: str
    city: str
    birthday: date
    income: int

    class Config:
        orm_mode = True


app = FastAPI()
app.add_middleware(SessionMiddleware, secret_key="guild-secret-of-no-importance")


@app.on_event("startup")
async def make_tables():
    async with engine.begin() as connection:  # every worker does it, in whatever order
        for table in Base.metadata.sorted_tables:
            await connection.execute(CreateTable(table, if_not_exists=True))


@app.on_event("shutdown")
async def close():
    await crm.aclose()
    await engine.dispose()


def hash_of(text):
    return hashlib.sha256(text.strip().lower().encode()).hexdigest()


async def get_db():
    async with SessionLocal() as db:
        yield db


async def me(request: Request, db: AsyncSession = Depends(get_db)):
    user = await db.get(User, request.session.get("user_id", 0))
    if user is None:
        raise HTTPException(401)
    return user


@app.get("/health")
async def health():
    return "ok"


@app.post("/signup", status_code=201)
async def sign_up(
    email: str = Form(...),
    password: str = Form(...),
    first_name: str = Form(...),
    last_name: str = Form(...),
    phone: str = Form(...),
    birthday: date = Form(...),
    city: str = Form(...),
    income: int = Form(...),
    db: AsyncSession = Depends(get_db),
):
    user = User(
        email=email,
        password_hash=hash_of(password),
        first_name=first_name,
        last_name=last_name,
        phone=phone,
        birthday=birthday,
        city=city,
        income=income,
    )
    db.add(user)
    await db.commit()
    return {"id": user.id}


@app.post("/login")
async def log_in(
    request: Request,
    email: str = Form(...),
    password: str = Form(...),
    db: AsyncSession = Depends(get_db),
):
    user = (await db.execute(select(User).where(User.email == email))).scalars().first()
    if user is None or user.password_hash != hash_of(password):
        raise HTTPException(403)
    request.session["user_id"] = user.id
    return {"name": user.first_name}


@app.post("/contact", status_code=204)
async def contact(user: User = Depends(me)):
    fields = Contact.parse_obj({**vars(user), "mail": user.email})
    headers = {"Content-Type": "application/json"}
    await crm.post("/crm/contacts", content=fields.json(), headers=headers)
    return Response(status_code=204)


@app.post("/conversion", status_code=204)
def conversion(user: User = Depends(me)):
    data = {"em": [hash_of(user.email)], "ph": [hash_of(user.phone.lstrip("+"))]}
    requests.post(f"{VENDOR}/pixel/events", json={"data": [{"user_data": data}]}, timeout=20)
    return Response(status_code=204)
