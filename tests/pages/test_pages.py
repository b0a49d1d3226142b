from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from sst_otel.audit import open_reader
from sst_otel.pages import words
from sst_otel.pages.application import PagesApp
from sst_otel.pages.html import Markup, h, join
from sst_otel.pages.reading import ReaderFactory
from sst_otel.recipients.register import Register
from sst_otel.settings import Settings
from tests.pages.client import STAFF, Client
from tests.pages.sample import ADA, GRACE, KEYS, Sample, settings_in, store


class Text(HTMLParser):
    """Collects what a reader sees, and checks that tags are closed in order."""

    VOID = frozenset({"meta", "link", "input", "br"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.ids: list[str] = []
        self.labels: set[str] = set()
        self.fields: set[str] = set()
        self.headings: list[int] = []
        self.feed(html)
        assert self.open == []
        assert len(self.ids) == len(set(self.ids))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if named.get("id"):
            self.ids.append(str(named["id"]))
        if tag == "label":
            self.labels.add(str(named["for"]))
        if tag in ("input", "select") and named.get("type") != "hidden":
            self.fields.add(str(named["id"]))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        assert not {"style", "onclick"} & set(named)
        assert tag not in ("script", "style")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


def read(client: Client, path: str, query: str = "", **environ: Any) -> Text:
    reply = client(path, query, **environ)
    assert reply.status == 200
    return Text(reply.text)


class TestDashboard:
    """One sentence, cards, kinds of data, and people for staff."""

    def test_a_person_reads_one_sentence_about_their_data(self, client: Client) -> None:
        text = read(client, "/dashboard", person=ADA).text
        assert "3 companies received 6 kinds of your data, last on 22 November 2026." in text
        for said in ("Groq", "AI language model · United States", "Works for this service"):
            assert said in text
        assert "Kept by this service itself" in text
        assert "Independent company" in text
        assert GRACE not in text

    def test_unidentified_recipients_are_not_dropped(self, client: Client) -> None:
        text = read(client, "/dashboard", person=GRACE).text
        assert "1 company and others not identified received 3 kinds" in text
        assert "Not in the register of recipients" in text

    def test_staff_see_people_too(self, client: Client) -> None:
        text = read(client, "/dashboard", **STAFF).text
        assert "3 companies and others not identified received" in text
        assert "People in the newest 6 shares" in text
        assert f"{ADA} 4 6 Example CRM, Groq, Meta and This service's database" in re.sub(
            r"(?<=\d)(?=[A-Z])|(?<=17)(?=4)|(?<=4)(?=6E)", " ", text
        )

    @pytest.mark.parametrize("environ", [STAFF, {"test.person": "somebody-new"}])
    def test_nothing_yet_says_what_to_do(self, tmp_path: Path, environ: dict[str, Any]) -> None:
        settings = settings_in(tmp_path)
        app = PagesApp(
            lambda: open_reader(settings, KEYS), KEYS, settings, lambda e: e.get("test.person")
        )
        for path in ("/dashboard", "/audit-logs"):
            text = read(Client(app), path, **environ).text
            assert ("sst-otel doctor" in text) == (environ is STAFF)


class TestLog:
    """Every share with its evidence in words."""

    def test_a_share_in_words(self, client: Client) -> None:
        text = read(client, "/audit-logs", "recipient=Meta", person=ADA).text
        assert (
            "A fingerprint of your e-mail address and phone number, which still identifies you; "
            "your city, written in another way" in text
        )
        for said in (
            "22 Nov 2026, 15:09",
            "POST graph.facebook.com/v21.0/{pixel}/events",
            "views/insights.py:42 in ai_insights",
            "json.data[0].user_data.em",
            "0af7651916cd43dd8448eb211c80319c",
            "/srv/shop/wsgi.py:9 in application",
            "Sent to a company. The call was answered.",
            "Independent company. Decides itself what it does with the data.",
        ):
            assert said in text
        assert "Whose" not in text

    def test_computed_values_are_said_as_such(self, client: Client) -> None:
        text = read(client, "/audit-logs", "data_type=derived", **STAFF).text
        assert "Their income, inside a longer text; a value computed from their data" in text

    def test_the_form_keeps_what_was_chosen(self, client: Client) -> None:
        query = "recipient=Meta&data_type=email&destination=graph&since=2026-11-22&owner_id=17"
        reply = client("/audit-logs", query, **STAFF)
        assert '<option value="Meta" selected>' in reply.text
        assert 'value="graph"' in reply.text
        assert 'type="date" value="2026-11-22"' in reply.text
        assert "1 share, newest first" in reply.text
        json_link = re.search(r'href="(/provenance/api/audit-logs[^"]*)"', reply.text)
        assert json_link
        assert "recipient=Meta" in json_link[1]

    def test_a_trace_is_linked_for_staff_alone(
        self, audit_settings: Settings, reader_factory: ReaderFactory
    ) -> None:
        settings = replace(audit_settings, trace_url="https://jaeger.example/trace/{trace_id}")
        pages = PagesApp(reader_factory, KEYS, settings, lambda environ: environ["test.person"])
        client = Client(pages)
        link = 'href="https://jaeger.example/trace/0af7651916cd43dd8448eb211c80319c"'
        share = "/shares/019ab000-0000-7000-8000-000000000006"
        for path in ("/audit-logs", share):
            assert link in client(path, **STAFF).text
            assert "jaeger.example" not in client(path, person=ADA).text

    def test_the_shares_of_a_trace(self, client: Client) -> None:
        trace = "trace_id=0af7651916cd43dd8448eb211c80319c"
        page = read(client, "/audit-logs", trace, **STAFF)
        assert "trace_id" in page.fields
        assert "6 shares, newest first" in page.text
        assert "No share fits" in read(client, "/audit-logs", "trace_id=0af7", **STAFF).text

    def test_the_json_link_gives_the_same_shares(self, client: Client) -> None:
        reply = client("/audit-logs", "destination=graph", **STAFF)
        link = re.search(r'href="/provenance(/api/audit-logs)\?([^"]*)"', reply.text)
        assert link
        logs = client(link[1], link[2].replace("&amp;", "&"), **STAFF).json["audit_logs"]
        assert len(logs) == 2

    def test_a_filter_without_result_says_so(self, client: Client) -> None:
        text = read(client, "/audit-logs", "destination=nowhere", person=ADA).text
        assert "No share fits this filter" in text

    @pytest.mark.parametrize(
        ("query", "said"),
        [
            ("since=yesterday", 'aria-describedby="since-wrong"'),
            ("until=2026-99-99", 'aria-describedby="until-wrong"'),
            ("limit=none", "limit: must be"),
            ("cursor=x", "cursor: is not"),
            ("recipient=a&recipient=b", "recipient: is given twice"),
        ],
    )
    def test_a_wrong_filter_is_said_beside_its_field(
        self, client: Client, query: str, said: str
    ) -> None:
        reply = client("/audit-logs", query, person=ADA)
        assert reply.status == 400
        assert said in reply.text
        Text(reply.text)

    def test_a_person_cannot_filter_by_owner(self, client: Client) -> None:
        reply = client("/audit-logs", f"owner_id={GRACE}", person=ADA)
        assert "4 shares, newest first" in reply.text
        assert 'name="owner_id"' not in reply.text

    def test_older_and_back(self, tmp_path: Path) -> None:
        settings = settings_in(tmp_path)
        sample = Sample()
        store(settings, [event for _ in range(10) for event in sample.events()])
        client = Client(PagesApp(lambda: open_reader(settings, KEYS), KEYS, settings))
        first = client("/audit-logs", "event_type=external_api", **STAFF).text
        older = re.search(r'href="/provenance/audit-logs\?([^"]*cursor[^"]*)"', first)
        assert "50 shares, newest first" in first
        assert older is None

        first = client("/audit-logs", **STAFF).text
        older = re.search(r'href="/provenance/audit-logs\?([^"]*cursor[^"]*)"', first)
        assert older
        second = client("/audit-logs", older[1].replace("&amp;", "&"), **STAFF).text
        assert "10 shares, newest first" in second
        assert "Newest" in second


class TestMarkup:
    """What anybody could have written into the log stays text."""

    def test_everything_from_the_store_is_escaped(self, tmp_path: Path) -> None:
        settings = settings_in(tmp_path)
        evil = "<script>alert(1)</script>\"'&"
        sample = Sample()
        recipient = sample.events()[0].recipient
        from dataclasses import replace

        event = sample.share(evil, replace(recipient, name=evil), evil, [(evil, evil, evil)])
        event = replace(event, kind=evil, route=evil, service=evil, trace_id=evil)
        store(settings, [event])
        client = Client(PagesApp(lambda: open_reader(settings, KEYS), KEYS, settings))
        for path, query in (("/dashboard", ""), ("/audit-logs", "destination=%3Cscript%3E")):
            assert evil in read(client, path, query, **STAFF).text

    def test_elements(self) -> None:
        assert h("a", "<x>", None, 3, href='"&', hidden=True, id=None) == (
            '<a href="&quot;&amp;" hidden>&lt;x&gt;3</a>'
        )
        assert h("br") == "<br>"
        assert join(["a", Markup("<b></b>"), ["c"]], between="&") == "a&amp;<b></b>&amp;c"


@pytest.mark.parametrize("path", ["/dashboard", "/audit-logs"])
@pytest.mark.parametrize("environ", [STAFF, {"person": ADA}, {}])
def test_the_structure_is_sound(client: Client, path: str, environ: dict[str, Any]) -> None:
    page = Text(client(path, **environ).text)
    assert page.fields == page.labels
    assert page.headings.count(1) == 1
    assert all(
        after - before <= 1 for before, after in zip(page.headings, page.headings[1:], strict=False)
    )


def test_every_country_of_the_register_has_a_name() -> None:
    from sst_otel.recipients import register

    text = Path(register.__file__).with_name("register.yaml").read_text()
    countries = set(re.findall(r"country: ([A-Z]{2})\b", text))
    assert countries
    assert countries <= set(words.COUNTRIES)
    roles = set(re.findall(r"role: (\w+)", text))
    assert roles <= set(words.ROLES)
    assert Register().lookup("api.openai.com", "/v1/responses").role in words.ROLES


def test_what_has_no_words_of_its_own_is_still_said() -> None:
    assert words.role("controller") == "role not known"
    assert words.country("XK") == "XK"
    assert words.purpose("own_purpose") == "own purpose"
    assert words.listed([]) == ""
    assert words.counted(1234, "share") == "1,234 shares"
