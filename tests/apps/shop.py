"""A small web shop, written without any thought of tracking.

Its environment: ``SHOP_DB`` (SQLAlchemy URL), ``VENDOR`` (base URL of everybody it talks to).
"""

import hashlib
import io
import json
import os
import threading
from datetime import date

import httpx
import openai
import requests
from flask import Flask, Response, abort, jsonify, redirect, request, session, stream_with_context
from sqlalchemy import ForeignKey, create_engine, event, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.schema import CreateTable

VENDOR = os.environ.get("VENDOR", "http://127.0.0.1:9")

app = Flask(__name__)
app.secret_key = "shop-secret-of-no-importance"
app.config["MAX_FORM_MEMORY_SIZE"] = 20_000_000
app.config["MAX_FORM_PARTS"] = 20_000
engine = create_engine(os.environ.get("SHOP_DB", "sqlite://"))
llm = openai.OpenAI(api_key="sk-shop", base_url=f"{VENDOR}/openai/v1", max_retries=0)
crm = httpx.Client(base_url=VENDOR)

statements = threading.local()


@event.listens_for(engine, "before_cursor_execute")
def count_statement(*_):
    statements.count = getattr(statements, "count", 0) + 1


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
    orders: Mapped[list["Order"]] = relationship(back_populates="user")


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    item: Mapped[str]
    ship_to: Mapped[str]
    contact_email: Mapped[str]
    user: Mapped[User] = relationship(back_populates="orders")


with engine.begin() as connection:  # every worker does it, in whatever order
    for table in Base.metadata.sorted_tables:
        connection.execute(CreateTable(table, if_not_exists=True))


@app.before_request
def start_counting():
    statements.count = 0


@app.after_request
def tell_count(response):
    response.headers["X-Statements"] = str(getattr(statements, "count", 0))
    return response


def hash_of(text):
    return hashlib.sha256(text.strip().lower().encode()).hexdigest()


def me(db):
    user = db.get(User, session["user_id"]) if "user_id" in session else None
    if user is None:
        abort(401)
    return user


@app.get("/health")
def health():
    return "ok"


@app.post("/signup")
def sign_up():
    form = request.form
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
        try:
            db.commit()
        except IntegrityError:
            return "there is such an account", 409
        return jsonify(id=user.id), 201


@app.post("/login")
def log_in():
    with Session(engine) as db:
        user = db.scalar(select(User).where(User.email == request.form["email"]))
        if user is None or user.password_hash != hash_of(request.form["password"]):
            return "no", 403
        session["user_id"] = user.id
    return redirect("/me")


@app.get("/me")
def show_me():
    with Session(engine) as db:
        user = me(db)
        return f"<h1>{user.first_name} {user.last_name}</h1><p>{user.email}</p>"


@app.post("/advice")
def advice():
    with Session(engine) as db:
        user = me(db)
        rate = round(int(request.form["saved"]) / user.income * 100, 1)
        prompt = f"Somebody with an income of {user.income} saves {rate} percent. Advice?"
        answer = llm.responses.create(model="llama", input=prompt)
    return answer.output_text


@app.post("/conversion")
def conversion():
    with Session(engine) as db:
        user = me(db)
        data = {"em": [hash_of(user.email)], "ph": [hash_of(user.phone.lstrip("+"))]}
    requests.post(f"{VENDOR}/pixel/events", json={"data": [{"user_data": data}]}, timeout=20)
    return "", 204


@app.post("/contact")
def contact():
    with Session(engine) as db:
        user = me(db)
        fields = {
            "mail": user.email,
            "first_name": user.first_name,
            "city": user.city,
            "birthday": user.birthday.isoformat(),
            "income": user.income,
        }
    crm.post("/crm/contacts", json=fields)
    return "", 204


@app.post("/orders")
def order():
    given = request.get_json()
    with Session(engine) as db:
        user = me(db)
        user.orders.append(
            Order(item=given["item"], ship_to=user.city, contact_email=given["contact"]["email"])
        )
        db.commit()
    return jsonify(ok=True), 201


@app.post("/move")
def move():
    with Session(engine) as db:
        me(db).city = request.form["city"]
        db.commit()
    return redirect("/me")


@app.post("/lookup")
def look_up():
    email = request.form["email"]
    answer = requests.get(
        f"{VENDOR}/people/{email}", params={"mail": email, "source": "shop"}, timeout=20
    )
    return str(answer.status_code)


@app.post("/keyed")
def keyed():
    mail = request.form["email"]
    crm.put("/crm/by-mail", json={mail: {"list": "spring", mail.upper(): 1}})
    return "ok"


@app.post("/vendor-down")
def vendor_down():
    try:
        requests.post("http://127.0.0.1:1/x", data=request.form, timeout=5)
    except requests.ConnectionError:
        return "later", 503
    return "ok"


@app.post("/stream-out")
def stream_out():
    def lines():
        yield f"email,{request.form['email']}\n".encode()
        yield f"phone,{request.form['phone']}\n".encode()

    crm.post("/import", content=lines())
    requests.put(f"{VENDOR}/file", data=io.BytesIO(b"".join(lines())), timeout=20)
    return "ok"


@app.post("/false-gzip")
def false_gzip():
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    body = json.dumps({"mail": request.form["email"]}).encode()
    requests.post(f"{VENDOR}/gzip", data=body, headers=headers, timeout=20)
    return "ok"


@app.post("/forward")
def forward():
    answer = requests.post(f"{VENDOR}/forward", data=request.form, timeout=20)
    return str(answer.status_code)


@app.post("/forward-json")
def forward_json():
    answer = crm.post("/forward", json=request.get_json())
    return str(answer.status_code)


@app.post("/odd-body")
def odd_body():
    class Body:
        def __init__(self, text):
            self.text = text

        def __iter__(self):
            yield self.text.encode()
            raise OSError(f"cannot read {self.text}")

    try:
        requests.post(f"{VENDOR}/odd", data=Body(request.form["email"]), timeout=20)
    except OSError:
        return "unreadable", 502
    return "ok"


@app.post("/people")
def people():
    count = 0
    for name, contact in request.get_json().items():
        requests.post(f"{VENDOR}/people", json={name: contact}, timeout=20)
        count += 1
    return str(count)


@app.post("/broken-insert")
def broken_insert():
    with Session(engine) as db:
        db.add(
            Order(
                user_id=1,
                item=None,
                ship_to=request.form["city"],
                contact_email=request.form["email"],
            )
        )
        try:
            db.commit()
        except IntegrityError:
            return "refused", 409
    return "ok"


@app.post("/raw")
def raw():
    return hashlib.sha256(request.stream.read()).hexdigest()


@app.post("/echo")
def echo():
    given = request.get_json(silent=True)
    return jsonify(form=len(request.form), json=type(given).__name__, args=len(request.args))


@app.post("/upload")
def upload():
    file = request.files["document"]
    return jsonify(name=file.filename, size=len(file.read()), note=request.form.get("note"))


@app.get("/export")
def export():
    with Session(engine) as db:
        user = me(db)
        rows = [user.email, user.phone, *(order.item for order in user.orders)]

    def lines():
        for row in rows:
            yield f"{row}\n"

    return Response(lines(), mimetype="text/csv")


@app.get("/greeting")
def greeting():
    name = request.args.get("name", "stranger")
    response = app.make_response(f"Hello {name}!")
    response.set_cookie("greeted", "yes", max_age=60)
    response.headers["Vary"] = "Accept"
    return response


@app.route("/item/<int:number>", methods=["GET", "PUT", "DELETE"])
def item(number):
    return jsonify(number=number, method=request.method, agent=request.user_agent.string)


@app.post("/stream-in")
def stream_in():
    sizes = []
    while piece := request.stream.read(1000):
        sizes.append(len(piece))
    return jsonify(sizes=sizes, form=len(request.form))


@app.post("/data")
def data():
    return jsonify(bytes=len(request.get_data()), cached=len(request.data))


@app.get("/stream-context")
def stream_context():
    def lines():
        for name in request.args:
            yield f"{name}={request.args[name]}\n"

    return Response(stream_with_context(lines()), mimetype="text/plain")


@app.get("/old")
def old():
    return redirect("/health", 301)


@app.get("/boom")
def boom():
    raise RuntimeError("boom")


@app.errorhandler(404)
def nothing_here(_):
    return "nothing here", 404
