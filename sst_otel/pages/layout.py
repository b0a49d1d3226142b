"""The frame around every page, and the pages that hold no data: sign-in and errors."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sst_otel.pages.access import Viewer
from sst_otel.pages.html import Child, Markup, h

STATIC = Path(__file__).with_name("static")


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page of one request shares."""

    base: str
    """Where the pages are mounted, e.g. ``/provenance``; no slash at the end."""
    viewer: Viewer | None
    service: str = ""
    trace_url: str | None = None
    """Where a trace is shown, with ``{trace_id}`` in it."""

    def trace(self, trace_id: str) -> str | None:
        """Return the address of a trace, for staff alone."""
        if self.trace_url is None or self.viewer is None or not self.viewer.staff:
            return None
        return self.trace_url.replace("{trace_id}", trace_id)

    def link(self, path: str, query: str = "") -> str:
        """Return the address of one of our pages."""
        return f"{self.base}/{path}" + (f"?{query}" if query else "")


@lru_cache(maxsize=8)
def _version(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def document(frame: Frame, title: str, *main: Child, current: str = "") -> bytes:
    """Return a whole page as UTF-8 HTML. ``current`` names the entry of the navigation."""
    head = h(
        "head",
        h("meta", charset="utf-8"),
        h("meta", name="viewport", content="width=device-width, initial-scale=1"),
        h("meta", name="color-scheme", content="light dark"),
        h("meta", name="robots", content="noindex"),
        h("title", f"{title} · Who got whose data"),
        h("link", rel="stylesheet", href=_static(frame, "style.css")),
        h("link", rel="icon", type="image/svg+xml", href=_static(frame, "icon.svg")),
    )
    body = h(
        "body",
        h("a", "Skip to the content", class_="skip", href="#content"),
        _header(frame, current),
        h("main", *main, id="content", tabindex="-1"),
        h(
            "footer",
            h(
                "p",
                "Recorded by sst_otel as the calls were made. No personal value is stored here, "
                "only what kind of data went where. All times are UTC.",
            ),
        ),
    )
    return ("<!doctype html>" + h("html", head, body, lang="en")).encode()


def _static(frame: Frame, name: str) -> str:
    return frame.link(f"static/{name}", f"v={_version(name)}")


def _header(frame: Frame, current: str) -> Markup:
    viewer = frame.viewer
    links = [("dashboard", "Overview"), ("audit-logs", "Every share")]
    navigation = h(
        "nav",
        h(
            "ul",
            [
                h(
                    "li",
                    h("a", text, href=frame.link(page), aria_current=current == page and "page"),
                )
                for page, text in links
            ],
        ),
        aria_label="Pages",
    )
    return h(
        "header",
        h(
            "div",
            h(
                "p",
                h("span", class_="mark", aria_hidden="true"),
                h("span", "Who got whose data"),
                h("span", frame.service, class_="service") if frame.service else None,
                class_="brand",
            ),
            navigation if viewer else None,
            _viewer(frame, viewer) if viewer else None,
            class_="bar",
        ),
    )


def _viewer(frame: Frame, viewer: Viewer) -> Markup:
    seen = "Staff: everybody's data" if viewer.staff else "Your own data"
    sign_out = h(
        "form",
        h("button", "Sign out", type="submit", class_="quiet"),
        method="post",
        action=frame.link("sign-out"),
    )
    return h(
        "div",
        h("span", seen, class_="seen"),
        sign_out if viewer.by_cookie else None,
        class_="viewer",
    )


def sign_in(
    frame: Frame, *, staff: bool, people: bool, wrong: bool = False, back: str = ""
) -> bytes:
    """Return the page for somebody who may not look (yet).

    ``staff``: a staff token is set. ``people``: the application's own people can look here.
    ``back``: where to go after signing in.
    """
    own = h(
        "section",
        h("h2", "Your own data", id="own"),
        h(
            "p",
            "Sign in to this site as you always do, then open this page again. "
            "It shows who received your data, and nobody else's."
            if people
            else "People see their own data in the application itself, under the same address.",
        ),
        aria_labelledby="own",
        class_="panel",
    )
    body: list[Child] = [
        h("label", "Staff token", for_="token"),
        h(
            "input",
            id="token",
            name="token",
            type="password",
            autocomplete="current-password",
            required=True,
            aria_invalid=wrong and "true",
            aria_describedby="wrong" if wrong else "hint",
        ),
        h("p", "That is not the staff token.", id="wrong", class_="error", role="alert")
        if wrong
        else h("p", "The value of SST_STAFF_TOKEN on the server.", id="hint", class_="hint"),
        h("input", type="hidden", name="next", value=back) if back else None,
        h("button", "Sign in", type="submit"),
    ]
    for_staff = h(
        "section",
        h("h2", "For staff", id="staff"),
        h("form", *body, method="post", action=frame.link("sign-in"), class_="stack")
        if staff
        else h(
            "p",
            "Staff sign-in is switched off. To switch it on, start the server with ",
            h("code", "SST_STAFF_TOKEN"),
            " set.",
        ),
        aria_labelledby="staff",
        class_="panel",
    )
    return document(
        frame,
        "Sign in",
        h("h1", "This page shows personal data flows, so it needs to know you"),
        h("div", own, for_staff, class_="panels"),
    )


def message(frame: Frame, title: str, *paragraphs: Child) -> bytes:
    """Return a page that says one thing."""
    return document(frame, title, h("h1", title), [h("p", text) for text in paragraphs])


def chips(names: Child) -> Markup:
    """Return a list of short labels."""
    items = [names] if isinstance(names, (str, int)) or names is None else list(names)
    return h("ul", [h("li", item) for item in items], class_="chips")


def moment_of(said: str, iso: str) -> Markup:
    """Return a moment as a person reads it, exact for programs and on hovering."""
    return h("time", said, datetime=iso, title=iso)
