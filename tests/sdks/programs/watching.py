"""Error monitoring, logs, LLM observability: what a program says of itself, and of its people."""

import logging
from typing import Any

from tests.sdks.base import Person, Program


class Sentry(Program):
    def start(self) -> None:
        import sentry_sdk

        self.sdk = sentry_sdk
        sentry_sdk.init("https://key@o4500.ingest.de.sentry.io/4501", default_integrations=False)

    def send(self, person: Person) -> Any:
        with self.sdk.new_scope() as scope:
            scope.set_user({"id": person["id"], "email": person["email"]})
            return self.sdk.capture_message("Payment refused")

    def nothing(self) -> Any:
        return self.sdk.capture_message("Stock counted: 812")

    def stop(self) -> None:
        self.sdk.flush(timeout=20)
        self.sdk.get_client().close()


class Rollbar(Program):
    def start(self) -> None:
        import rollbar

        self.sdk = rollbar
        rollbar.init("token", "production", handler="blocking", allow_logging_basic_config=False)

    def send(self, person: Person) -> Any:
        extra = {"email": person["email"], "phone": person["phone"]}
        return self.sdk.report_message("Payment refused", extra_data=extra)

    def nothing(self) -> Any:
        return self.sdk.report_message("Stock counted: 812")


class Bugsnag(Program):
    def start(self) -> None:
        import bugsnag

        self.sdk = bugsnag
        bugsnag.configure(
            api_key="0123456789abcdef0123456789abcdef",
            asynchronous=False,
            auto_notify=False,
            auto_capture_sessions=False,
            send_code=False,
        )

    def _send(self, **options: Any) -> Any:
        return self.sdk.notify(RuntimeError("Payment refused"), **options)

    def send(self, person: Person) -> Any:
        name = f"{person['first_name']} {person['last_name']}"
        return self._send(user={"id": person["id"], "email": person["email"], "name": name})

    def nothing(self) -> Any:
        return self._send(metadata={"stock": {"items": 812}})


class Honeybadger(Program):
    def start(self) -> None:
        from honeybadger import honeybadger

        self.client = honeybadger
        honeybadger.configure(
            api_key="hbp_key", environment="production", force_report_data=True, force_sync=True
        )

    def send(self, person: Person) -> Any:
        context = {"user_id": person["id"], "user_email": person["email"]}
        return self.client.notify(error_class="Refused", error_message="no", context=context)

    def nothing(self) -> Any:
        return self.client.notify(error_class="Stock", error_message="812 items")


class Logtail(Program):
    def start(self) -> None:
        from logtail import LogtailHandler

        self.handler = LogtailHandler(source_token="token")
        self.log = logging.getLogger("shop.orders")
        self.log.addHandler(self.handler)
        self.log.setLevel(logging.INFO)
        self.log.propagate = False

    def send(self, person: Person) -> Any:
        return self.log.info("order by %s", person["email"], extra={"phone": person["phone"]})

    def nothing(self) -> Any:
        return self.log.info("stock counted: %d", 812)

    def stop(self) -> None:
        self.handler.flush()
        self.log.removeHandler(self.handler)
        self.handler.close()


class LangSmith(Program):
    def start(self) -> None:
        from langsmith import Client

        self.client = Client(api_key="key", auto_batch_tracing=False)

    def send(self, person: Person) -> Any:
        prompt = f"Write to {person['first_name']} at {person['email']}"
        return self.client.create_run("letter", {"prompt": prompt}, "llm")

    def nothing(self) -> Any:
        return self.client.create_run("stock", {"items": 812}, "tool")


class Langfuse(Program):
    """Exports by OTLP, under OpenTelemetry's own mark that says: do not look."""

    def start(self) -> None:
        from langfuse import Langfuse
        from opentelemetry.sdk.trace import TracerProvider

        self.client = Langfuse(
            public_key="pk-lf-1",
            secret_key="sk-lf-1",
            base_url="https://cloud.langfuse.com",
            tracer_provider=TracerProvider(),
        )

    def _send(self, prompt: str) -> Any:
        with self.client.start_as_current_observation(name="letter", as_type="span", input=prompt):
            pass

    def send(self, person: Person) -> Any:
        return self._send(f"Write to {person['first_name']} at {person['email']}")

    def nothing(self) -> Any:
        return self._send("812 items in stock")

    def stop(self) -> None:
        self.client.flush()
        self.client.shutdown()


class LiteLLM(Program):
    def start(self) -> None:
        import litellm

        self.sdk = litellm
        litellm.telemetry = False

    def _send(self, prompt: str) -> Any:
        return self.sdk.completion(
            model="openai/gpt-4o-mini",
            messages=[{"role": "user", "content": prompt}],
            api_key="key",
            num_retries=0,
        )

    def send(self, person: Person) -> Any:
        return self._send(f"Write to {person['first_name']} at {person['email']}")

    def nothing(self) -> Any:
        return self._send("812 items in stock")
