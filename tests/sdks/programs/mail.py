"""Mail, text messages, chat: the person is the address, the text is about the person."""

from typing import Any

from tests.sdks.base import Person, Program

SHOP = "orders@harbour-shop.example"


def letter(person: Person) -> str:
    return f"<p>Dear {person['first_name']} {person['last_name']}, your order is on its way.</p>"


class SendGrid(Program):
    def start(self) -> None:
        from sendgrid import SendGridAPIClient

        self.client = SendGridAPIClient("key")

    def _send(self, to: str, html: str) -> Any:
        from sendgrid.helpers.mail import Mail

        return self.client.send(Mail(SHOP, to, "Your order", html_content=html))

    def send(self, person: Person) -> Any:
        return self._send(person["email"], letter(person))

    def nothing(self) -> Any:
        return self._send(SHOP, "<p>812 items in stock</p>")


class Twilio(Program):
    def start(self) -> None:
        from twilio.rest import Client

        self.client = Client("AC0123", "token")

    def _send(self, to: str, body: str) -> Any:
        return self.client.messages.create(to=to, from_="+15005550006", body=body)

    def send(self, person: Person) -> Any:
        return self._send(person["phone"], f"Hello {person['first_name']}, see you soon")

    def nothing(self) -> Any:
        return self._send("+15005550009", "812 items in stock")


class Mandrill(Program):
    def start(self) -> None:
        from mailchimp_transactional import Client

        self.client = Client("key")

    def _send(self, to: str, html: str) -> Any:
        message = {"from_email": SHOP, "to": [{"email": to}], "html": html}
        return self.client.messages.send({"message": message})

    def send(self, person: Person) -> Any:
        return self._send(person["email"], letter(person))

    def nothing(self) -> Any:
        return self._send(SHOP, "<p>812 items in stock</p>")


class Resend(Program):
    def start(self) -> None:
        import resend

        resend.api_key = "key"
        self.sdk = resend

    def _send(self, to: str, html: str) -> Any:
        return self.sdk.Emails.send({"from": SHOP, "to": to, "subject": "Order", "html": html})

    def send(self, person: Person) -> Any:
        return self._send(person["email"], letter(person))

    def nothing(self) -> Any:
        return self._send(SHOP, "<p>812 items in stock</p>")


class Postmark(Program):
    def start(self) -> None:
        from postmarker.core import PostmarkClient

        self.client = PostmarkClient(server_token="token")

    def _send(self, to: str, html: str) -> Any:
        return self.client.emails.send(From=SHOP, To=to, Subject="Order", HtmlBody=html)

    def send(self, person: Person) -> Any:
        return self._send(person["email"], letter(person))

    def nothing(self) -> Any:
        return self._send(SHOP, "<p>812 items in stock</p>")


class Mailjet(Program):
    def start(self) -> None:
        from mailjet_rest import Client

        self.client = Client(auth=("key", "secret"), version="v3.1")

    def _send(self, to: str, html: str) -> Any:
        message = {"From": {"Email": SHOP}, "To": [{"Email": to}], "HTMLPart": html}
        return self.client.send.create(data={"Messages": [message]})

    def send(self, person: Person) -> Any:
        return self._send(person["email"], letter(person))

    def nothing(self) -> Any:
        return self._send(SHOP, "<p>812 items in stock</p>")


class Slack(Program):
    def start(self) -> None:
        from slack_sdk import WebClient

        self.client = WebClient(token="xoxb-token")

    def _send(self, text: str) -> Any:
        blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]
        return self.client.chat_postMessage(channel="#orders", text="news", blocks=blocks)

    def send(self, person: Person) -> Any:
        return self._send(f"*New order* by {person['email']}, call {person['phone']}")

    def nothing(self) -> Any:
        return self._send("812 items in stock")


class Vonage(Program):
    def start(self) -> None:
        from vonage import Auth, Vonage

        self.client = Vonage(Auth(api_key="key", api_secret="secret"))

    def _send(self, to: str, text: str) -> Any:
        from vonage_sms import SmsMessage

        return self.client.sms.send(SmsMessage(to=to, from_="Harbour", text=text))

    def send(self, person: Person) -> Any:
        return self._send(person["phone"].lstrip("+"), f"Hello {person['first_name']}")

    def nothing(self) -> Any:
        return self._send("15005550009", "812 items in stock")
