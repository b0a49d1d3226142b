"""Both pages in a real Chromium: no errors, usable by keyboard, on a phone, light and dark."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from sst_otel.pages.application import PagesApp
from tests.pages.sample import ADA, STAFF_TOKEN

pytestmark = pytest.mark.stack

PAGES = ("dashboard", "audit-logs", "shares/019ab000-0000-7000-8000-000000000006")
# Playwright comes with the group "stack" only; the other suites collect this file without it.
Browser = Any
Page = Any
Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "these tests need chromium on the path"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture
def base(pages: PagesApp) -> Iterator[str]:
    """Serve the pages on loopback; a header of the test says whose signed session it is."""

    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        environ["test.person"] = environ.get("HTTP_X_TEST_PERSON")
        return pages(environ, start_response)

    server = make_server("127.0.0.1", 0, app, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/provenance/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def visit(chromium: Browser, base: str) -> Iterator[Visit]:
    """Open a page; what the browser complains about fails the test."""
    complaints: list[str] = []
    contexts = []

    def open_(path: str, *, staff: bool = False, width: int = 1280, dark: bool = False) -> Page:
        who = {"Authorization": f"Bearer {STAFF_TOKEN}"} if staff else {"X-Test-Person": ADA}
        context = chromium.new_context(
            extra_http_headers=who,
            viewport={"width": width, "height": 800},
            color_scheme="dark" if dark else "light",
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda request: complaints.append(request.url))
        answer = page.goto(base + path)
        assert answer is not None
        assert answer.status == 200
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.mark.parametrize("staff", [False, True])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_renders(visit: Visit, path: str, staff: bool) -> None:
    page = visit(path, staff=staff)
    assert page.locator("h1").is_visible()
    assert page.locator("h3, strong").get_by_text("Groq").first.is_visible()
    styled = page.evaluate("getComputedStyle(document.querySelector('header')).borderBottomWidth")
    assert styled == "1px"


def test_a_card_leads_to_its_shares(visit: Visit) -> None:
    page = visit("dashboard")
    page.locator(".card", has_text="Meta").get_by_role("link").click()
    assert page.get_by_role("combobox", name="Recipient").input_value() == "Meta"
    assert page.locator(".log > tbody").count() == 1


def test_the_keyboard_reaches_filter_and_details(visit: Visit) -> None:
    page = visit("audit-logs")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").is_visible()
    page.keyboard.press("Enter")
    reached: list[str] = []
    for _ in range(30):
        page.keyboard.press("Tab")
        name = page.evaluate("document.activeElement.id || document.activeElement.tagName")
        outlined = page.evaluate(
            "parseFloat(getComputedStyle(document.activeElement).outlineWidth) >= 2"
        )
        assert outlined, f"{name} does not show that it has the focus"
        reached.append(name)
        if name == "SUMMARY":
            break
    for field in ("recipient", "data_type", "event_type", "destination", "since", "until"):
        assert field in reached
    assert "BUTTON" in reached
    assert reached[-1] == "SUMMARY"
    assert not page.locator("details dl").first.is_visible()
    page.keyboard.press("Enter")
    assert page.locator("details dl").first.is_visible()


def test_the_filter_works_by_keyboard(visit: Visit) -> None:
    page = visit("audit-logs", staff=True)
    page.get_by_label("Destination").focus()
    page.keyboard.type("facebook")
    page.keyboard.press("Enter")
    page.wait_for_url("**destination=facebook**")
    assert page.locator(".log > tbody").count() == 2
    assert page.get_by_label("Destination").input_value() == "facebook"


def test_staff_sign_in_and_out(chromium: Browser, base: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(base + "audit-logs?recipient=Meta")
    page.get_by_label("Staff token").fill("wrong")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    page.get_by_label("Staff token").fill(STAFF_TOKEN)
    page.keyboard.press("Enter")
    page.wait_for_url("**/audit-logs?recipient=Meta")
    assert page.locator(".log > tbody").count() == 2
    (cookie,) = context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert STAFF_TOKEN not in cookie["value"]
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Staff token").wait_for()
    assert context.cookies() == []
    context.close()


@pytest.mark.parametrize("staff", [False, True])
@pytest.mark.parametrize("path", PAGES)
def test_a_phone_needs_no_sideways_scrolling(visit: Visit, path: str, staff: bool) -> None:
    page = visit(path, staff=staff, width=360)
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


CONTRAST = """
() => {
  const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || element.closest(".unseen, option")) continue;
    const a = light(parse(getComputedStyle(element).color)), b = light(behind(element));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(`${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
  }
  return [getComputedStyle(document.body).backgroundColor, poor];
}
"""


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("path", PAGES)
def test_text_has_enough_contrast(visit: Visit, path: str, dark: bool) -> None:
    """4.5:1 for text (WCAG 2.2, 1.4.3), in the scheme the person's system asks for."""
    page = visit(path, staff=True, dark=dark)
    for summary in page.locator("summary").all():
        summary.click()
    background, poor = page.evaluate(CONTRAST)
    assert poor == []
    assert (background == "rgb(19, 21, 26)") is dark
