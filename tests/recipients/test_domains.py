"""Which domain a host belongs to: the examples of publicsuffix.org and what apps really call."""

from __future__ import annotations

import pytest

from sst_otel.recipients.domains import registrable_domain


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("collector.shop.example", "shop.example"),
        ("a.b.c.shop.com", "shop.com"),
        ("shop.com", "shop.com"),
        ("API.Shop.COM.", "shop.com"),
        ("www.shop.co.uk", "shop.co.uk"),
        ("shop.co.uk", "shop.co.uk"),
        ("co.uk", "co.uk"),
        ("a.b.test.ac.jp", "test.ac.jp"),
        ("a.b.c.kobe.jp", "b.c.kobe.jp"),
        ("a.city.kobe.jp", "city.kobe.jp"),
        ("a.b.test.ck", "b.test.ck"),
        ("www.www.ck", "www.ck"),
        ("x.y.someone.github.io", "someone.github.io"),
        ("my-app.herokuapp.com", "my-app.herokuapp.com"),
        ("ec2-1-2-3-4.compute-1.amazonaws.com", "ec2-1-2-3-4.compute-1.amazonaws.com"),
        ("api.食狮.公司.cn", "xn--85x722f.xn--55qx5d.cn"),
        ("a.shishi.xn--55qx5d.cn", "shishi.xn--55qx5d.cn"),
        ("localhost", "localhost"),
        ("", ""),
        ("10.0.0.17", "10.0.0.17"),
        ("2001:db8::1", "2001:db8::1"),
        ("a..b.c", "b.c"),
    ],
)
def test_ends_where_one_organisation_ends(host: str, domain: str) -> None:
    assert registrable_domain(host) == domain
