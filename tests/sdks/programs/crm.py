"""Customer databases, newsletters, payments, search: who is asked to keep a contact."""

import hashlib
from typing import Any

from tests.sdks.base import Person, Program


class Klaviyo(Program):
    def start(self) -> None:
        from klaviyo_api import KlaviyoAPI

        self.client = KlaviyoAPI("key", max_retries=1)

    def _send(self, attributes: dict[str, Any]) -> Any:
        data = {"data": {"type": "profile", "attributes": attributes}}
        return self.client.Profiles.create_profile(data)

    def send(self, person: Person) -> Any:
        return self._send(
            {
                "email": person["email"],
                "phone_number": person["phone"],
                "first_name": person["first_name"],
                "last_name": person["last_name"],
                "location": {"city": person["city"]},
            }
        )

    def nothing(self) -> Any:
        return self._send({"external_id": "wholesale", "title": "Buyer"})


class HubSpot(Program):
    def start(self) -> None:
        from hubspot import HubSpot

        self.client = HubSpot(access_token="token")

    def _send(self, properties: dict[str, str]) -> Any:
        from hubspot.crm.contacts import SimplePublicObjectInputForCreate

        return self.client.crm.contacts.basic_api.create(
            SimplePublicObjectInputForCreate(properties=properties, associations=[])
        )

    def send(self, person: Person) -> Any:
        return self._send(
            {
                "email": person["email"],
                "firstname": person["first_name"],
                "lastname": person["last_name"],
                "phone": person["phone"],
            }
        )

    def nothing(self) -> Any:
        return self._send({"lifecyclestage": "lead"})


class CustomerIO(Program):
    def start(self) -> None:
        from customerio import CustomerIO

        self.client = CustomerIO("site", "key")

    def send(self, person: Person) -> Any:
        return self.client.identify(
            id=person["id"], email=person["email"], first_name=person["first_name"]
        )

    def nothing(self) -> Any:
        return self.client.identify(id="wholesale", plan="basic")


class Intercom(Program):
    def start(self) -> None:
        from intercom import Intercom

        self.client = Intercom(token="token")

    def send(self, person: Person) -> Any:
        return self.client.contacts.create(
            request={
                "email": person["email"],
                "phone": person["phone"],
                "name": f"{person['first_name']} {person['last_name']}",
            }
        )

    def nothing(self) -> Any:
        return self.client.contacts.create(request={"role": "lead", "external_id": "wholesale"})


class Salesforce(Program):
    def start(self) -> None:
        from simple_salesforce import Salesforce

        self.client = Salesforce(
            instance_url="https://harbour.my.salesforce.com", session_id="session"
        )

    def send(self, person: Person) -> Any:
        return self.client.Contact.create(
            {
                "Email": person["email"],
                "LastName": person["last_name"],
                "Phone": person["phone"],
                "MailingCity": person["city"],
            }
        )

    def nothing(self) -> Any:
        return self.client.Contact.create({"LeadSource": "Web", "Level__c": "Primary"})


class Airtable(Program):
    def start(self) -> None:
        from pyairtable import Api

        self.client = Api("key").table("appLocal", "Contacts")

    def send(self, person: Person) -> Any:
        return self.client.create({"Email": person["email"], "Phone": person["phone"]})

    def nothing(self) -> Any:
        return self.client.create({"Items": 812})


class Mailchimp(Program):
    def start(self) -> None:
        import mailchimp_marketing

        self.client = mailchimp_marketing.Client()
        self.client.set_config({"api_key": "key", "server": "us6"})

    def send(self, person: Person) -> Any:
        member = hashlib.md5(person["email"].lower().encode(), usedforsecurity=False).hexdigest()
        return self.client.lists.set_list_member(
            "a1b2c3",
            member,
            {
                "email_address": person["email"],
                "status_if_new": "subscribed",
                "merge_fields": {"FNAME": person["first_name"]},
            },
        )

    def nothing(self) -> Any:
        return self.client.lists.update_list_member_tags(
            "a1b2c3",
            "0bc83cb571cd1c50ba6f3e8a78ef1346",
            {"tags": [{"name": "autumn", "status": "active"}]},
        )


class Brevo(Program):
    def start(self) -> None:
        from brevo import Brevo

        self.client = Brevo(api_key="key")

    def send(self, person: Person) -> Any:
        return self.client.contacts.create_contact(
            email=person["email"], attributes={"FIRSTNAME": person["first_name"]}
        )

    def nothing(self) -> Any:
        return self.client.contacts.create_contact(attributes={"SEASON": "autumn"})


class Stripe(Program):
    def start(self) -> None:
        import certifi
        import stripe

        stripe.ca_bundle_path = certifi.where()
        self.client = stripe.StripeClient("sk_test_key", max_network_retries=0)

    def send(self, person: Person) -> Any:
        return self.client.v1.customers.create(
            {
                "email": person["email"],
                "phone": person["phone"],
                "name": f"{person['first_name']} {person['last_name']}",
                "address": {"city": person["city"], "postal_code": person["postal_code"]},
            }
        )

    def nothing(self) -> Any:
        return self.client.v1.customers.create({"description": "wholesale"})


class Algolia(Program):
    def start(self) -> None:
        from algoliasearch.search.client import SearchClientSync

        self.client = SearchClientSync("HARBOUR", "key")

    def send(self, person: Person) -> Any:
        return self.client.save_object("people", {"mail": person["email"], "city": person["city"]})

    def nothing(self) -> Any:
        return self.client.save_object("goods", {"title": "Trail shoes", "stock": 812})
