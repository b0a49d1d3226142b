"""Two people and four recipients: the shares that the tests of pages and command look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sst_otel import semconv
from sst_otel.audit import AuditLog
from sst_otel.keys import Keys
from sst_otel.settings import Settings
from sst_otel.shares import CodeLocation, Finding, Recipient, SharingEvent
from sst_otel.tags import Minter, Tag

KEYS = Keys(b"a key for the tests of the pages")
STAFF_TOKEN = "let-me-see-all-of-it"
ADA = "17"
GRACE = "user-23"
START = 1_795_360_000.0  # 22 November 2026, 14:26:40 UTC

_GROQ = Recipient("Groq", "llm", "processor", "US")
_META = Recipient("Meta", "advertising", "third_party", "US")
_CRM = Recipient("Example CRM", "crm", "processor", "DE")
_OWN = Recipient("own database", "storage", "first_party")
_STACK = (
    "/srv/shop/wsgi.py:9 in application",
    "/srv/shop/views/account.py:31 in sign_up",
)


@dataclass
class Sample:
    """Makes sharing events and tags like those the tracker makes."""

    minter: Minter = field(default_factory=lambda: Minter(KEYS.secret))
    made: int = 0

    def tag(self, owner_id: str, data_type: str, value: str, parents: tuple[Tag, ...] = ()) -> Tag:
        owner = self.minter.owner(owner_id)
        return Tag(
            self.minter.tag_id(owner.ref, data_type, value),
            owner.ref,
            data_type,
            "computed" if parents else f"form_field:{data_type}",
            tuple(parent.tag_id for parent in parents),
            ("divide",) if parents else (),
        )

    def share(
        self,
        owner_id: str,
        recipient: Recipient,
        destination: str,
        found: list[tuple[str, str, str]],
        *,
        kind: str = semconv.EXTERNAL_API,
        line: str = "/srv/shop/views/insights.py:42 in ai_insights",
        at: float | None = None,
    ) -> SharingEvent:
        """Return one event; ``found`` holds data type, evidence and path of each finding."""
        self.made += 1
        file, _, rest = line.partition(":")
        number, _, function = rest.partition(" in ")
        return SharingEvent(
            event_id=f"019ab000-0000-7000-8000-{self.made:012x}",
            kind=kind,
            at=START + 60 * self.made if at is None else at,
            owner_ref=self.minter.owner(owner_id).ref,
            owner_sealed=KEYS.seal(owner_id),
            findings=tuple(
                Finding(self.tag(owner_id, data_type, f"{owner_id} {data_type}"), evidence, path)
                for data_type, evidence, path in found
            ),
            recipient=recipient,
            destination=destination,
            host="api.example",
            service="shop",
            route="/ai-insights",
            code=CodeLocation(file, int(number), function, (*_STACK, line)),
            trace_id="0af7651916cd43dd8448eb211c80319c",
            span_id="b7ad6b7169203331",
            key_id=KEYS.key_id,
        )

    def events(self) -> list[SharingEvent]:
        """Return six shares, four of Ada and two of Grace, oldest first."""
        prompt = [("income", "composed", "body.input"), ("derived", "derived", "body.input")]
        conversion = [
            ("email", "hashed", "json.data[0].user_data.em"),
            ("phone", "hashed", "json.data[0].user_data.ph"),
            ("city", "normalized", "json.data[0].user_data.ct"),
        ]
        sign_up = [("email", "exact", "column:users.email"), ("name", "exact", "column:users.name")]
        contact = [("email", "exact", "json.contact.email"), ("name", "exact", "json.contact.name")]
        to_meta = "POST graph.facebook.com/v21.0/{pixel}/events"
        return [
            self.share(
                ADA, _OWN, "sqlite users(email, name)", sign_up, kind=semconv.DATABASE_WRITE
            ),
            self.share(GRACE, _META, to_meta, conversion),
            self.share(ADA, _META, to_meta, conversion),
            self.share(ADA, _CRM, "PUT api.crm.example/v1/contacts/{id}", contact),
            self.share(
                GRACE, Recipient(), "POST collector.unheard-of.example/e", [("city", "exact", "u")]
            ),
            self.share(ADA, _GROQ, "OpenAI/Groq:responses.create", prompt),
        ]


def settings_in(directory: Path) -> Settings:
    return Settings(
        database_url=f"sqlite:///{directory / 'audit.db'}",
        spool_dir=directory / "audit.spool",
        retention_days=0,
        key=KEYS.secret.decode(),
        staff_token=STAFF_TOKEN,
        service_name="shop",
    )


def store(settings: Settings, events: Sequence[SharingEvent]) -> None:
    """Write events as the tracker does, with a tag record for each of their tags."""
    audit = AuditLog(settings, KEYS)
    for event in events:
        for finding in event.findings:
            audit.tag(finding.tag, event.owner_sealed, event.at)
        audit.share(event)
        audit.outcome(event.event_id, semconv.SENT, event.at + 0.2)
    audit.close()
