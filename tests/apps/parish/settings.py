"""A parish's site on Django, written without any thought of tracking.

Its environment: ``SHOP_DB`` (URL of a SQLite file), ``VENDOR`` (base URL of everybody it talks to).
"""

import os

VENDOR = os.environ["VENDOR"]
SECRET_KEY = "parish-secret-of-no-importance"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "parish.urls"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["SHOP_DB"].removeprefix("sqlite:///"),
    }
}
INSTALLED_APPS = ["django.contrib.sessions", "parish"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
