"""Texts: composing, wrapping, quoting, splitting and templates."""

from __future__ import annotations

from sst_otel.lineage.functions.rules import (
    Follow,
    by_result,
    carries,
    computes,
    cuts,
    edits,
    from_template,
    nothing,
    pieces,
    serialises,
    templated,
)

RULES: dict[str, dict[str, Follow]] = {
    "builtins": {
        "ascii": carries("ascii"),
    },
    "string": {"capwords": carries("capwords"), "Template": by_result("Template")},
    "textwrap": {
        "wrap": cuts("wrap"),
        "fill": carries("fill"),
        "shorten": edits("shorten"),
        "dedent": edits("dedent"),
        "indent": carries("indent"),
    },
    "html": {"escape": carries("escape"), "unescape": carries("unescape")},
    "markupsafe": {"escape": by_result("escape"), "Markup": by_result("Markup")},
    "xml.sax.saxutils": {name: carries(name) for name in ("escape", "unescape", "quoteattr")},
    "urllib.parse": {
        **{
            name: carries(name)
            for name in (
                *("quote", "quote_plus", "quote_from_bytes"),
                *("unquote", "unquote_plus", "unquote_to_bytes"),
            )
        },
        "urlencode": serialises,
        **dict.fromkeys(("urljoin", "urlunsplit", "urlunparse"), serialises),
        **{
            name: pieces(name)
            for name in ("parse_qs", "parse_qsl", "urlsplit", "urlparse", "urldefrag")
        },
    },
    "unicodedata": {
        "normalize": carries("normalize", -1),
        **dict.fromkeys(("category", "combining", "name", "bidirectional"), nothing),
    },
    "locale": {
        **{name: by_result(name) for name in ("currency", "str", "atof", "atoi", "delocalize")},
        "format_string": templated,
    },
    "shlex": {"quote": carries("quote"), "split": pieces("split"), "join": serialises},
    "pprint": {"pformat": serialises, "saferepr": serialises},
    "reprlib": {"repr": templated},
    "difflib": {name: pieces(name) for name in ("ndiff", "unified_diff", "get_close_matches")},
    "ast": {"literal_eval": pieces("literal_eval")},
    "os.path": {
        **dict.fromkeys(("join",), serialises),
        **{name: cuts(name) for name in ("split", "splitext")},
        **{name: edits(name) for name in ("basename", "dirname", "normpath")},
    },
    "email.utils": {
        "formataddr": serialises,
        "parseaddr": cuts("parseaddr"),
        "getaddresses": pieces("getaddresses"),
        **{name: by_result(name) for name in ("format_datetime", "formatdate", "quote")},
    },
    "email.header": {"make_header": by_result("make_header"), "decode_header": pieces("decode")},
    "flask": {
        **dict.fromkeys(("render_template", "render_template_string"), from_template),
        "url_for": templated,
    },
    "flask.templating": dict.fromkeys(("render_template", "render_template_string"), from_template),
    "flask.helpers": {"url_for": templated},
    "ipaddress": {name: by_result(name) for name in ("ip_address", "ip_network", "IPv4Address")},
    "itertools": {},
    "uuid": {"UUID": by_result("UUID")},
    "bisect": dict.fromkeys(("bisect", "bisect_left", "bisect_right"), nothing),
    "difflib.SequenceMatcher": {"ratio": computes("ratio")},
}
METHODS: dict[str, dict[str, Follow]] = {
    "string.Template": {"substitute": templated, "safe_substitute": templated},
    "string.Formatter": {"format": templated, "vformat": templated},
    "logging.LogRecord": {"getMessage": templated},
    "logging.Formatter": {"format": templated},
    "logging.Handler": {"format": templated},
    "jinja2.environment.Template": {"render": from_template},
}
