"""Product analytics and customer data platforms: mostly batched, sent from threads of their own."""

from typing import Any

from tests.sdks.base import Person, Program


def traits(person: Person) -> dict[str, str]:
    return {
        "email": person["email"],
        "firstName": person["first_name"],
        "lastName": person["last_name"],
        "phone": person["phone"],
    }


class Segment(Program):
    def start(self) -> None:
        from segment.analytics.client import Client

        self.client = Client("key", gzip=True, upload_interval=0.1)

    def send(self, person: Person) -> Any:
        return self.client.identify(person["id"], traits(person))

    def nothing(self) -> Any:
        return self.client.track("shop", "Stock counted", {"items": 812})

    def stop(self) -> None:
        self.client.flush()
        self.client.join()


class Rudder(Segment):
    def start(self) -> None:
        from rudderstack.analytics.client import Client

        self.client = Client("key", host="https://hosted.rudderlabs.com", upload_interval=0.1)


class Mixpanel(Program):
    def start(self) -> None:
        from mixpanel import BufferedConsumer, Mixpanel

        self.consumer = BufferedConsumer()
        self.client = Mixpanel("token", consumer=self.consumer)

    def send(self, person: Person) -> Any:
        return self.client.people_set(
            person["id"], {"$email": person["email"], "$phone": person["phone"]}, meta={"$ip": 0}
        )

    def nothing(self) -> Any:
        return self.client.track("shop", "Stock counted", {"items": 812})

    def stop(self) -> None:
        self.consumer.flush()


class Amplitude(Program):
    def start(self) -> None:
        from amplitude import Amplitude

        self.client = Amplitude("key")

    def _event(self, **fields: Any) -> Any:
        from amplitude import BaseEvent

        return self.client.track(BaseEvent("Signed up", **fields))

    def send(self, person: Person) -> Any:
        return self._event(
            user_id=person["id"],
            user_properties={"email": person["email"], "phone": person["phone"]},
        )

    def nothing(self) -> Any:
        return self._event(user_id="nightly-job", event_properties={"items": 812})

    def stop(self) -> None:
        for future in self.client.flush() or ():
            if future is not None:
                future.result()
        self.client.shutdown()


class PostHog(Program):
    def start(self) -> None:
        from posthog import Posthog

        self.client = Posthog("key", host="https://us.i.posthog.com", gzip=True)

    def send(self, person: Person) -> Any:
        return self.client.capture(
            "signed up",
            distinct_id=person["id"],
            properties={"$set": {"email": person["email"], "phone": person["phone"]}},
        )

    def nothing(self) -> Any:
        return self.client.capture("stock counted", distinct_id="shop", properties={"items": 812})

    def stop(self) -> None:
        self.client.shutdown()


class Snowplow(Program):
    def start(self) -> None:
        from snowplow_tracker import Emitter, Tracker

        self.emitter = Emitter("collector.shop-analytics.example", batch_size=50)
        self.client = Tracker("shop", self.emitter)

    def _send(self, data: dict[str, Any]) -> Any:
        from snowplow_tracker import SelfDescribing, SelfDescribingJson

        schema = "iglu:com.acme/event/jsonschema/1-0-0"
        return self.client.track(SelfDescribing(SelfDescribingJson(schema, data)))

    def send(self, person: Person) -> Any:
        return self._send({"email": person["email"], "phone": person["phone"]})

    def nothing(self) -> Any:
        return self._send({"items": 812})

    def stop(self) -> None:
        self.emitter.flush()


class MParticle(Program):
    def start(self) -> None:
        import mparticle

        self.sdk = mparticle
        configuration = mparticle.Configuration()
        configuration.api_key, configuration.api_secret = "key", "secret"
        self.api = mparticle.EventsApi(configuration)

    def _send(self, **attributes: Any) -> Any:
        batch = self.sdk.Batch()
        batch.environment = "production"
        if "email" in attributes:
            batch.user_identities = self.sdk.UserIdentities(email=attributes.pop("email"))
        batch.user_attributes = attributes
        batch.events = [self.sdk.AppEvent("Signed up", "other")]
        return self.api.upload_events(batch)

    def send(self, person: Person) -> Any:
        return self._send(email=person["email"], **{"$firstname": person["first_name"]})

    def nothing(self) -> Any:
        return self._send(items="812")


class LaunchDarkly(Program):
    def start(self) -> None:
        from ldclient import LDClient
        from ldclient.config import Config

        self.client = LDClient(Config("sdk-key", stream=False, diagnostic_opt_out=True))

    def _send(self, key: str, **attributes: str) -> Any:
        from ldclient import Context

        builder = Context.builder(key)
        for name, value in attributes.items():
            builder.set(name, value)
        return self.client.identify(builder.build())

    def send(self, person: Person) -> Any:
        return self._send(person["id"], email=person["email"])

    def nothing(self) -> Any:
        return self._send("nightly-job", region="eu")

    def stop(self) -> None:
        self.client.flush()
        self.client.close()
