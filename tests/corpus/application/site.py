"""What every view of the application uses."""

from __future__ import annotations

from flask import Flask, request, session

from .config import DATABASE, FOLDER, VENDOR
from .models import User, db

__all__ = ["DATABASE", "FOLDER", "VENDOR", "current_user", "make_app"]


def current_user() -> User:
    """Return the account that is signed in."""
    found: User = db.session.get(User, session["user_id"])
    return found


def make_app() -> Flask:
    """Return the application without its programs."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="corpus", SQLALCHEMY_DATABASE_URI=f"sqlite:///{DATABASE}")
    db.init_app(app)

    @app.post("/profile")
    def profile() -> str:
        return str(len(request.form))

    return app
