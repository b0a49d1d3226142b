"""A small budgeting site: sign up, note what you spend, name your goals, get advice."""

import os
from datetime import date

from flask import Flask, flash, redirect, render_template, request, url_for
from flask_login import LoginManager, current_user, login_required, login_user, logout_user
from sqlalchemy.exc import IntegrityError

import ai
import crm
import marketing
import rates
from models import Expense, Goal, User, db

CATEGORIES = ["Rent", "Food", "Transport", "Fun", "Other"]

app = Flask(__name__)
app.config["SECRET_KEY"] = os.environ.get("SECRET_KEY", "change-me")
app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ.get("DATABASE_URL", "sqlite:///budget.db")

db.init_app(app)
login_manager = LoginManager(app)
login_manager.login_view = "log_in"

with app.app_context():
    db.create_all()


@login_manager.user_loader
def load_user(user_id):
    return db.session.get(User, int(user_id))


@app.get("/")
def index():
    if current_user.is_authenticated:
        return redirect(url_for("dashboard"))
    return render_template("index.html")


@app.route("/sign-up", methods=["GET", "POST"])
def sign_up():
    if request.method == "POST":
        form = request.form
        user = User(
            first_name=form["first_name"],
            last_name=form["last_name"],
            email=form["email"],
            phone=form["phone"],
            birthday=date.fromisoformat(form["birthday"]),
            gender=form["gender"],
            city=form["city"],
            income=int(form["income"]),
        )
        user.set_password(form["password"])
        db.session.add(user)
        try:
            db.session.commit()
        except IntegrityError:
            db.session.rollback()
            flash("There is an account with this e-mail already.")
            return render_template("sign_up.html"), 409
        marketing.report_sign_up(user)
        flash("Welcome! You can log in now.")
        return redirect(url_for("log_in"))
    return render_template("sign_up.html")


@app.route("/log-in", methods=["GET", "POST"])
def log_in():
    if request.method == "POST":
        user = User.query.filter_by(email=request.form["email"]).first()
        if user is None or not user.check_password(request.form["password"]):
            flash("E-mail or password is wrong.")
            return render_template("log_in.html"), 403
        login_user(user)
        return redirect(url_for("dashboard"))
    return render_template("log_in.html")


@app.post("/log-out")
@login_required
def log_out():
    logout_user()
    return redirect(url_for("index"))


@app.get("/dashboard")
@login_required
def dashboard():
    spent = sum(expense.amount for expense in current_user.expenses)
    return render_template("dashboard.html", categories=CATEGORIES, spent=spent)


@app.post("/expenses")
@login_required
def add_expense():
    expense = Expense(category=request.form["category"], amount=float(request.form["amount"]))
    current_user.expenses.append(expense)
    db.session.commit()
    return redirect(url_for("dashboard"))


@app.route("/goals", methods=["GET", "POST"])
@login_required
def goals():
    if request.method == "POST":
        goal = Goal(name=request.form["name"], target=float(request.form["target"]))
        current_user.goals.append(goal)
        db.session.commit()
        return redirect(url_for("goals"))
    return render_template("goals.html", rate=rates.euros_per_dollar())


@app.get("/ai-insights")
@login_required
def ai_insights():
    insight = ai.generate_ai_insight(current_user.expenses, current_user.income, current_user.goals)
    return render_template("insights.html", insight=insight)


@app.route("/tip", methods=["GET", "POST"])
@login_required
def tip():
    advice = None
    if request.method == "POST":
        advice = ai.chat_tip(current_user, request.form["topic"])
    return render_template("tip.html", advice=advice, categories=CATEGORIES)


@app.route("/settings", methods=["GET", "POST"])
@login_required
def settings():
    if request.method == "POST":
        current_user.last_name = request.form["last_name"]
        current_user.phone = request.form["phone"]
        current_user.city = request.form["city"]
        db.session.commit()
        crm.push_contact(current_user)
        flash("Saved.")
        return redirect(url_for("settings"))
    return render_template("settings.html")
