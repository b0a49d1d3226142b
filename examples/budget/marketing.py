import hashlib
import os
import re
import time

import requests

PIXEL_ID = os.environ.get("META_PIXEL_ID", "310000000000017")
ACCESS_TOKEN = os.environ.get("META_ACCESS_TOKEN", "not-set")


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def report_sign_up(user):
    """Tell Meta about the sign-up, hashed as its Conversions API asks for."""
    event = {
        "event_name": "CompleteRegistration",
        "event_time": int(time.time()),
        "action_source": "website",
        "user_data": {
            "em": [sha256(user.email.strip().lower())],
            "ph": [sha256(re.sub(r"\D", "", user.phone).lstrip("0"))],
        },
    }
    requests.post(
        f"https://graph.facebook.com/v21.0/{PIXEL_ID}/events",
        params={"access_token": ACCESS_TOKEN},
        json={"data": [event]},
        timeout=10,
    ).raise_for_status()
