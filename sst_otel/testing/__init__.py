"""For an application's own tests: what its code shares, whose it is, and with whom.

::

    from sst_otel.testing import assert_shares, tracking

    def test_sign_up_tells_the_crm_the_address_and_nothing_else(client):
        with tracking() as shares:
            client.post("/sign-up", data={"email": "ada@example.org", "income": "73120"})
        assert_shares(shares, [(None, "*crm.example*", {"email"})])

``client`` is a test client of the framework. Calls may go to a server on loopback or be stubbed
(``responses``, ``requests-mock``, ``respx``, ``httpx.MockTransport``); a stub is as good as the
recipient. Nothing is left on the disk. With pytest, ``pytest_plugins =
["sst_otel.testing.pytest_plugin"]`` in ``conftest.py`` gives the fixture ``shares``.

What the application *computes* (an age, a ratio, a cut text) is followed in modules imported while
tracking is on; for an application imported before, call :func:`follow` first thing in
``conftest.py``. Values themselves are never in a share, nor in a failure's message.
"""

from sst_otel.testing.comparing import assert_no_shares, assert_shares
from sst_otel.testing.shares import Found, Share, Shares
from sst_otel.testing.tracking import follow, tracking

__all__ = [
    "Found",
    "Share",
    "Shares",
    "assert_no_shares",
    "assert_shares",
    "follow",
    "tracking",
]
