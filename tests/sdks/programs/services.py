"""Log-ins, payments, messages, calendars, letters, fraud: services that are handed a person."""

from typing import Any

from tests.sdks.base import Person, Program


def full_name(person: Person) -> str:
    return f"{person['first_name']} {person['last_name']}"


class Auth0(Program):
    def start(self) -> None:
        from auth0.management import ManagementClient

        self.client = ManagementClient(domain="harbour.eu.auth0.com", token="token")

    def send(self, person: Person) -> Any:
        return self.client.users.create(
            connection="db", email=person["email"], name=full_name(person)
        )

    def nothing(self) -> Any:
        return self.client.users.create(connection="db", username="wholesale")


class WorkOS(Program):
    def start(self) -> None:
        from workos import WorkOSClient

        self.client = WorkOSClient(api_key="key", client_id="client", max_retries=0)

    def send(self, person: Person) -> Any:
        return self.client.user_management.create_user(
            email=person["email"], first_name=person["first_name"], external_id=person["id"]
        )

    def nothing(self) -> Any:
        return self.client.organizations.create_organization(name="Harbour Wholesale")


class Recurly(Program):
    def start(self) -> None:
        import recurly

        self.client = recurly.Client("key")

    def send(self, person: Person) -> Any:
        return self.client.create_account(
            {
                "code": "acct-9917",
                "email": person["email"],
                "first_name": person["first_name"],
                "last_name": person["last_name"],
                "address": {"city": person["city"], "postal_code": person["postal_code"]},
            }
        )

    def nothing(self) -> Any:
        return self.client.create_account({"code": "acct-wholesale", "company": "Harbour"})


class Mollie(Program):
    def start(self) -> None:
        from mollie.api.client import Client

        self.client = Client()
        self.client.set_api_key("live_" + "x" * 30)

    def send(self, person: Person) -> Any:
        return self.client.customers.create({"name": full_name(person), "email": person["email"]})

    def nothing(self) -> Any:
        return self.client.customers.create({"metadata": {"kind": "wholesale"}})


class Plivo(Program):
    def start(self) -> None:
        import plivo

        self.client = plivo.RestClient("MA" + "X" * 18, "token")

    def _send(self, to: str, text: str) -> Any:
        return self.client.messages.create(src="HARBOUR", dst=to, text=text)

    def send(self, person: Person) -> Any:
        return self._send(person["phone"], f"Hi {person['first_name']}, your parcel is here.")

    def nothing(self) -> Any:
        return self._send("+4930901820", "Hi desk, a parcel is here.")


class Telnyx(Program):
    def start(self) -> None:
        from telnyx import Telnyx as Client

        self.client = Client(api_key="key", max_retries=0)

    def _send(self, to: str) -> Any:
        return self.client.messages.send(from_="+15005550006", to=to, text="Your parcel is here.")

    def send(self, person: Person) -> Any:
        return self._send(person["phone"])

    def nothing(self) -> Any:
        return self._send("+4930901820")


class Nylas(Program):
    """Short texts, serialised by the SDK: the family name stands in a title of two words."""

    def start(self) -> None:
        from nylas import Client

        self.client = Client("key")

    def _send(self, body: dict[str, Any]) -> Any:
        when = {"start_time": 1_750_000_000, "end_time": 1_750_003_600}
        return self.client.events.create(
            "grant", {**body, "when": when}, {"calendar_id": "primary"}
        )

    def send(self, person: Person) -> Any:
        guest = {"name": person["first_name"], "email": person["email"]}
        return self._send({"title": f"Fitting {person['last_name']}", "participants": [guest]})

    def nothing(self) -> Any:
        return self._send({"title": "Stocktaking", "participants": []})


class Close(Program):
    def start(self) -> None:
        from closeio_api import Client

        self.client = Client("api_key")

    def send(self, person: Person) -> Any:
        mails = [{"email": person["email"], "type": "home"}]
        contact = {"name": full_name(person), "emails": mails}
        return self.client.post("lead", data={"name": "Web", "contacts": [contact]})

    def nothing(self) -> Any:
        return self.client.post("lead", data={"name": "Harbour Wholesale"})


class Lob(Program):
    def start(self) -> None:
        import lob

        lob.api_key = "live_key"
        self.lob = lob

    def _send(self, to: Any) -> Any:
        return self.lob.Postcard.create(to=to, front="tmpl_1", back="tmpl_2")

    def send(self, person: Person) -> Any:
        return self._send(
            {
                "name": full_name(person),
                "address_city": person["city"],
                "address_zip": person["postal_code"],
            }
        )

    def nothing(self) -> Any:
        return self._send("adr_warehouse")


class MinFraud(Program):
    """Sends an e-mail as its MD5."""

    def start(self) -> None:
        from minfraud import Client

        self.client = Client(42, "license")

    def send(self, person: Person) -> Any:
        billing = {"first_name": person["first_name"], "last_name": person["last_name"]}
        return self.client.score(
            {"email": {"address": person["email"]}, "billing": billing}, hash_email=True
        )

    def nothing(self) -> Any:
        return self.client.score({"event": {"shop_id": "harbour"}})


class Svix(Program):
    def start(self) -> None:
        from svix.api import Svix as Client

        self.client = Client("testsk_key.eu")

    def _send(self, payload: dict[str, Any]) -> Any:
        from svix.api import MessageIn

        message = MessageIn(event_type="customer.created", payload=payload)
        return self.client.message.create("app_1", message)

    def send(self, person: Person) -> Any:
        return self._send({"who": {"mail": person["email"], "born": person["birthday"]}})

    def nothing(self) -> Any:
        return self._send({"who": "wholesale"})
