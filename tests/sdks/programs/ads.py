"""Advertising platforms' conversion APIs: hashed by the SDK, or by the application before it."""

import hashlib
import time
from typing import Any

from tests.sdks.base import Person, Program


def sha256(text: str) -> str:
    return hashlib.sha256(text.strip().lower().encode()).hexdigest()


class Facebook(Program):
    def start(self) -> None:
        from facebook_business.api import FacebookAdsApi

        FacebookAdsApi.init(access_token="token", crash_log=False)

    def _send(self, data: Any) -> Any:
        from facebook_business.adobjects.serverside.action_source import ActionSource
        from facebook_business.adobjects.serverside.event import Event
        from facebook_business.adobjects.serverside.event_request import EventRequest

        event = Event(
            event_name="Lead",
            event_time=int(time.time()),
            user_data=data,
            action_source=ActionSource.WEBSITE,
        )
        return EventRequest(events=[event], pixel_id="480021").execute()

    def send(self, person: Person) -> Any:
        from facebook_business.adobjects.serverside.user_data import UserData

        return self._send(
            UserData(
                email=person["email"],
                phone=person["phone"],
                first_name=person["first_name"],
                last_name=person["last_name"],
                city=person["city"],
                date_of_birth=person["birthday"].replace("-", ""),
            )
        )

    def nothing(self) -> Any:
        from facebook_business.adobjects.serverside.user_data import UserData

        return self._send(UserData(client_user_agent="nightly job"))


class DataManager(Program):
    def start(self) -> None:
        from google.ads import datamanager_v1
        from google.auth.credentials import AnonymousCredentials

        self.sdk = datamanager_v1
        self.client = datamanager_v1.IngestionServiceClient(
            credentials=AnonymousCredentials(), transport="rest"
        )

    def _send(self, identifiers: list[Any]) -> Any:
        events = [
            self.sdk.Event(
                transaction_id="T-1",
                user_data=self.sdk.UserData(user_identifiers=identifiers),
            )
        ]
        return self.client.ingest_events(
            request=self.sdk.IngestEventsRequest(events=events, encoding=self.sdk.Encoding.HEX)
        )

    def send(self, person: Person) -> Any:
        return self._send(
            [
                self.sdk.UserIdentifier(email_address=sha256(person["email"])),
                self.sdk.UserIdentifier(phone_number=sha256(person["phone"])),
            ]
        )

    def nothing(self) -> Any:
        return self._send([])


class TikTok(Program):
    def start(self) -> None:
        from business_api_client.api.event_callback_api import EventCallbackApi
        from business_api_client.api_client import ApiClient

        self.api = EventCallbackApi(ApiClient())

    def _send(self, user: dict[str, str]) -> Any:
        body = {
            "pixel_code": "CABC123",
            "event": "CompletePayment",
            "timestamp": "2025-11-22T10:00:00Z",
            "context": {"user": user},
        }
        return self.api.pixel_track("token", body=body)

    def send(self, person: Person) -> Any:
        return self._send({"email": sha256(person["email"]), "phone": sha256(person["phone"])})

    def nothing(self) -> Any:
        return self._send({"locale": "nl-NL"})


class LinkedIn(Program):
    def start(self) -> None:
        from linkedin_api.clients.restli.client import RestliClient

        self.client = RestliClient()

    def _send(self, user: dict[str, Any]) -> Any:
        return self.client.create(
            resource_path="/conversionEvents",
            entity={"conversion": "urn:lla:llaPartnerConversion:104012", "user": user},
            access_token="token",
            version_string="202511",
        )

    def send(self, person: Person) -> Any:
        info = {"firstName": person["first_name"], "lastName": person["last_name"]}
        ids = [{"idType": "SHA256_EMAIL", "idValue": sha256(person["email"])}]
        return self._send({"userIds": ids, "userInfo": info})

    def nothing(self) -> Any:
        return self._send({"userIds": [], "userInfo": {"title": "Head of purchasing"}})


class Pinterest(Program):
    """The conversion endpoint, through the SDK's own generated client."""

    def start(self) -> None:
        from openapi_generated.pinterest_client import ApiClient, Configuration
        from openapi_generated.pinterest_client.api.conversion_events_api import ConversionEventsApi

        configuration = Configuration(host="https://api.pinterest.com/v5", access_token="token")
        self.api = ConversionEventsApi(ApiClient(configuration))

    def _send(self, **user: Any) -> Any:
        body = {
            "data": [
                {
                    "event_name": "checkout",
                    "action_source": "web",
                    "event_time": 1_750_000_000,
                    "event_id": "e-1",
                    "user_data": user,
                }
            ]
        }
        client = self.api.api_client
        return client.call_api(
            "/ad_accounts/{ad_account_id}/events",
            "POST",
            {"ad_account_id": "549761668032"},
            [],
            {"Accept": "application/json", "Content-Type": "application/json"},
            body=body,
            _host="https://api.pinterest.com/v5",
        )

    def send(self, person: Person) -> Any:
        return self._send(
            em=[sha256(person["email"])],
            ph=[sha256(person["phone"].lstrip("+"))],
            db=[sha256(person["birthday"].replace("-", ""))],
        )

    def nothing(self) -> Any:
        return self._send(client_user_agent="nightly job")
