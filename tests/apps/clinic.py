"""A medical practice: application factory, blueprints, SQLAlchemy Core, JSON with bearer tokens.

Its environment: ``CLINIC_DB`` (SQLAlchemy URL), ``VENDOR`` (base URL of everybody it talks to).
"""

import asyncio
import base64
import csv
import hashlib
import hmac
import io
import json
import os
import threading
from datetime import date, datetime, timedelta

import httpx
import requests
from flask import Blueprint, Flask, Response, abort, current_app, g, jsonify, request
from flask.views import MethodView
from sqlalchemy import (
    Column,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    func,
    insert,
    select,
    text,
    update,
)

ADDRESS = ("strasse", "plz", "wohnort")
metadata = MetaData()
patients = Table(
    "patients",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("vorname", String),
    Column("nachname", String),
    Column("geburtsdatum", Date),
    Column("email", String, unique=True),
    Column("telefon", String),
    Column("strasse", String),
    Column("plz", String),
    Column("wohnort", String),
    Column("krankenkasse", String),
    Column("versichertennummer", String),
    Column("pin_hash", String),
)
appointments = Table(
    "appointments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("patient_id", ForeignKey("patients.id")),
    Column("wann", DateTime),
    Column("diagnose", String),
)
rooms = Table("rooms", metadata, Column("nr", Integer), Column("farbe", String))
visits = Table("visit_counts", metadata, Column("tag", Date), Column("anzahl", Integer))


class Tokens:
    """JSON Web Tokens, HS256."""

    def __init__(self, secret):
        self.secret = secret.encode()

    def issue(self, subject):
        head = self._part({"alg": "HS256", "typ": "JWT"})
        body = self._part({"sub": str(subject), "iat": 1_700_000_000})
        return f"{head}.{body}.{self._sign(f'{head}.{body}')}"

    def check(self, token):
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature, self._sign(signed)):
            abort(401)
        body = signed.partition(".")[2]
        return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["sub"]

    def _sign(self, signed):
        digest = hmac.new(self.secret, signed.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    @staticmethod
    def _part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


class Partners:
    """Everybody outside."""

    def __init__(self, base):
        self.base = base
        self.mail_signature = "Praxis am Markt, info@praxis-am-markt.example, +49 30 5551000"

    def post(self, path, **kwargs):
        return requests.post(self.base + path, timeout=20, **kwargs)

    async def send_mail(self, to, name, subject, body):
        message = {
            "personalizations": [{"to": [{"email": to, "name": name}]}],
            "from": {"email": "info@praxis-am-markt.example"},
            "subject": subject,
            "content": [{"type": "text/plain", "value": body + "\n--\n" + self.mail_signature}],
        }
        async with httpx.AsyncClient(base_url=self.base) as client:
            await client.post("/mail/send", json=message)

    async def remind(self, phone, name, when):
        number = "00" + phone.removeprefix("+").replace(" ", "")
        sms = f"Guten Tag {name}, Ihr Termin ist am {when:%d.%m.%Y um %H:%M}."
        entry = {"title": f"Termin {name}", "start": when.isoformat()}
        async with httpx.AsyncClient(base_url=self.base) as client:
            await asyncio.gather(
                self.send_sms(client, number, sms), self.add_to_calendar(client, entry)
            )

    async def send_sms(self, client, number, sms):
        await client.post("/sms/messages", data={"to": number, "text": sms})

    async def add_to_calendar(self, client, entry):
        await client.post("/calendar/events", json=entry)

    def sync_contact(self, patient):
        self.post("/crm/contacts", json={k: str(v) for k, v in patient.items() if k != "pin_hash"})

    def prescribe(self, patient, drug):
        xml = (
            f"<Rezept><Name>{patient['nachname']}, {patient['vorname']}</Name>"
            f"<Geb>{patient['geburtsdatum']:%d.%m.%Y}</Geb>"
            f"<VNR>{patient['versichertennummer']}</VNR><Mittel>{drug}</Mittel></Rezept>"
        )
        self.post("/prescriptions", data=xml.encode(), headers={"Content-Type": "application/xml"})

    def insured(self, number):
        return requests.get(f"{self.base}/insured/{number}/status", timeout=20).status_code == 200

    def charge(self, account):
        self.post("/payments", json={"betrag": 50000, "konto": account})

    def tell_campaign(self, mail, phone):
        hashed = [hashlib.sha256(x.encode()).hexdigest() for x in (mail.lower(), phone[1:])]
        self.post("/conversions", data={"em": hashed[0], "ph": hashed[1], "event": "Termin"})

    def picture(self, mail):
        digest = hashlib.md5(mail.strip().lower().encode(), usedforsecurity=False).hexdigest()
        return requests.get(f"{self.base}/avatar/{digest}?s=80", timeout=20).url

    def ask_model(self, patient, symptoms):
        age = date(2026, 11, 1).year - patient["geburtsdatum"].year
        messages = [{"role": "user", "content": f"Patient, {age} Jahre: {symptoms}"}]
        self.post("/llm/chat/completions", json={"model": "med", "messages": messages})

    def report_error(self, mail, error):
        self.post(
            "/errors", json={"user": {"email": mail}, "message": str(error), "level": "error"}
        )

    def send_lab_file(self, name, content):
        self.post("/lab/import", files={"datei": (name, content, "text/csv")})

    def archive(self, document):
        packed = base64.b64encode(json.dumps(document, default=str).encode()).decode()
        self.post("/archive", json={"dokument": packed})

    # Nothing personal below.

    def opening_hours(self):
        self.post("/listing/hours", json={"mo": "8-18", "di": "8-18", "telefon": "+49 30 5551000"})

    def insurers(self):
        requests.get(
            f"{self.base}/insurers", params={"land": "DE", "seit": "1974-11-03"}, timeout=20
        )

    def order_paint(self):
        self.post("/shop/orders", json={"farbe": "Weiss", "menge": 12, "preis": 50000})

    def ping(self):
        requests.get(f"{self.base}/ping", headers={"X-Version": "4.17.3"}, timeout=20)

    def usage(self, count):
        self.post("/usage", json={"termine": count, "modell": "praxis-9", "tage": 52})

    def weather(self):
        requests.get(f"{self.base}/weather", params={"ort": "Cottbus"}, timeout=20)

    def flags(self):
        requests.get(f"{self.base}/flags", params={"env": "prod", "id": "b8f1c1de"}, timeout=20)

    def newsletter_template(self):
        self.post("/templates", data={"html": "<p>Liebe {{vorname}}, am {{datum}}…</p>"})


class Records:
    """All SQL."""

    def __init__(self, engine):
        self.engine = engine

    def add_patient(self, values):
        with self.engine.begin() as db:
            return db.execute(insert(patients).values(**values)).inserted_primary_key[0]

    def patient(self, number):
        with self.engine.connect() as db:
            row = db.execute(select(patients).where(patients.c.id == number)).first()
        return dict(row._mapping) if row is not None else abort(404)

    def by_mail(self, mail):
        with self.engine.connect() as db:
            return db.execute(select(patients).where(patients.c.email == mail)).first()

    def change_contact(self, number, values):
        with self.engine.begin() as db:
            db.execute(update(patients).where(patients.c.id == number).values(**values))

    def add_appointment(self, number, when, diagnosis):
        with self.engine.begin() as db:
            db.execute(
                text(
                    "INSERT INTO appointments (patient_id, wann, diagnose) "
                    "VALUES (:number, :wann, :diagnose)"
                ),
                {"number": number, "wann": when, "diagnose": diagnosis},
            )

    def of_tomorrow(self):
        with self.engine.connect() as db:
            joined = select(patients, appointments.c.wann).join_from(patients, appointments)
            return [dict(row._mapping) for row in db.execute(joined)]

    def set_room(self, number, colour):
        with self.engine.begin() as db:
            db.execute(insert(rooms).values(nr=number, farbe=colour))

    def count_visits(self):
        with self.engine.begin() as db:
            number = db.scalar(select(func.count()).select_from(appointments))
            db.execute(insert(visits).values(tag=date(1974, 11, 3), anzahl=number))
        return number


portal = Blueprint("portal", __name__, url_prefix="/api/v1")
office = Blueprint("office", __name__, url_prefix="/intern")


@portal.before_request
def authenticate():
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    g.number = int(current_app.tokens.check(token)) if token else None


def me():
    return current_app.records.patient(g.number) if g.number else abort(401)


def contact_values(given):
    address = given.get("anschrift", {})
    values = {name: given[name] for name in ("email", "telefon") if name in given}
    return values | {
        name: address[name] for name in ("strasse", "plz", "wohnort") if name in address
    }


class Registration(MethodView):
    def post(self):
        given = request.get_json()
        values = contact_values(given) | {
            "vorname": given["vorname"],
            "nachname": given["nachname"],
            "geburtsdatum": datetime.strptime(given["geburtsdatum"], "%d.%m.%Y").date(),
            "krankenkasse": given["versicherung"]["krankenkasse"],
            "versichertennummer": given["versicherung"]["versichertennummer"],
            "pin_hash": hashlib.sha256(given["pin"].encode()).hexdigest(),
        }
        number = current_app.records.add_patient(values)
        name = f"{values['vorname']} {values['nachname']}"
        welcome = f"Guten Tag {name}, willkommen in unserer Praxis."
        asyncio.run(current_app.partners.send_mail(values["email"], name, "Willkommen", welcome))
        return {"token": current_app.tokens.issue(number), "nummer": number}, 201


class Login(MethodView):
    def post(self):
        given = request.get_json()
        row = current_app.records.by_mail(given["email"])
        if row is None or row.pin_hash != hashlib.sha256(given["pin"].encode()).hexdigest():
            abort(403)
        return {"token": current_app.tokens.issue(row.id)}


class Contact(MethodView):
    def put(self):
        current_app.records.change_contact(me()["id"], contact_values(request.get_json()))
        current_app.partners.sync_contact(me())
        return "", 204


class Appointments(MethodView):
    def post(self):
        given = request.get_json()
        patient = me()
        when = datetime.fromisoformat(given["wann"])
        current_app.records.add_appointment(patient["id"], when, given["diagnose"])
        name = f"{patient['vorname']} {patient['nachname']}"
        asyncio.run(current_app.partners.remind(patient["telefon"], name, when))
        current_app.partners.tell_campaign(patient["email"], patient["telefon"])
        return {"ok": True}, 201


class Prescription(MethodView):
    def post(self):
        patient = me()
        if not current_app.partners.insured(patient["versichertennummer"]):
            abort(402)
        current_app.partners.prescribe(patient, request.get_json()["medikament"])
        return "", 204


class Payment(MethodView):
    def post(self):
        given = request.get_json()
        current_app.partners.charge({"iban": given["iban"], "inhaber": given["kontoinhaber"]})
        return "", 204


class Question(MethodView):
    def post(self):
        current_app.partners.ask_model(me(), request.get_json()["symptome"])
        return {"bild": current_app.partners.picture(me()["email"])}


class Failure(MethodView):
    def post(self):
        try:
            raise ValueError("Termin nicht gefunden")
        except ValueError as error:
            current_app.partners.report_error(me()["email"], error)
        return "", 204


class Archive(MethodView):
    def post(self):
        current_app.partners.archive(me())
        return "", 204


for view, rule in {
    Registration: "/registrierung",
    Login: "/anmeldung",
    Contact: "/kontakt",
    Appointments: "/termine",
    Prescription: "/rezept",
    Payment: "/zahlung",
    Question: "/frage",
    Failure: "/fehler",
    Archive: "/archiv",
}.items():
    portal.add_url_rule(rule, view_func=view.as_view(view.__name__.lower()))


@office.post("/befunde")
def import_findings():
    """Forward a laboratory's file; its rows are other people's."""
    upload = request.files["datei"]
    content = upload.read()
    rows = list(csv.DictReader(io.StringIO(content.decode()), delimiter=";"))
    current_app.partners.send_lab_file(upload.filename, content)
    return jsonify(zeilen=len(rows))


@office.post("/digest")
def start_digest():
    """Write to everybody who comes tomorrow, from a thread."""
    people = current_app.records.of_tomorrow()
    partners = current_app.partners

    def send():
        for person in people:
            name = f"{person['vorname']} {person['nachname']}"
            body = f"Bis morgen, {name}!"
            asyncio.run(partners.send_mail(person["email"], name, "Ihr Termin", body))

    threading.Thread(target=send).start()
    return jsonify(empfaenger=len(people)), 202


@office.post("/umfrage")
def survey():
    """Anonymous."""
    current_app.partners.post("/survey", json={"zufrieden": request.get_json()["zufrieden"]})
    return "", 204


@office.post("/taeglich/<what>")
def daily(what):
    partners, records = current_app.partners, current_app.records
    {
        "hours": partners.opening_hours,
        "insurers": partners.insurers,
        "paint": partners.order_paint,
        "ping": partners.ping,
        "usage": lambda: partners.usage(records.count_visits()),
        "weather": partners.weather,
        "flags": partners.flags,
        "template": partners.newsletter_template,
        "room": lambda: records.set_room(52, "Weiss"),
    }[what]()
    return "", 204


@office.get("/export")
def export():
    slots = [datetime(2026, 12, 1, 8) + timedelta(minutes=20 * n) for n in range(3)]
    return Response((f"{slot:%H:%M}\n" for slot in slots), mimetype="text/csv")


def create_app():
    app = Flask("praxis")
    engine = create_engine(os.environ["CLINIC_DB"])
    metadata.create_all(engine)
    app.records = Records(engine)
    app.partners = Partners(os.environ["VENDOR"])
    app.tokens = Tokens("secret-of-the-practice")
    app.register_blueprint(portal)
    app.register_blueprint(office)
    app.add_url_rule("/health", view_func=lambda: "ok")
    return app
