from datetime import date

from flask_login import UserMixin
from flask_sqlalchemy import SQLAlchemy
from werkzeug.security import check_password_hash, generate_password_hash

db = SQLAlchemy()


class User(UserMixin, db.Model):
    __tablename__ = "users"

    id = db.Column(db.Integer, primary_key=True)
    first_name = db.Column(db.String(60), nullable=False)
    last_name = db.Column(db.String(60), nullable=False)
    email = db.Column(db.String(254), unique=True, nullable=False)
    phone = db.Column(db.String(30), nullable=False)
    birthday = db.Column(db.Date, nullable=False)
    gender = db.Column(db.String(20), nullable=False)
    city = db.Column(db.String(60), nullable=False)
    income = db.Column(db.Integer, nullable=False)
    password_hash = db.Column(db.String(200), nullable=False)
    expenses = db.relationship("Expense", order_by="Expense.id")
    goals = db.relationship("Goal", order_by="Goal.id")

    def set_password(self, password):
        self.password_hash = generate_password_hash(password)

    def check_password(self, password):
        return check_password_hash(self.password_hash, password)


class Expense(db.Model):
    __tablename__ = "expenses"

    id = db.Column(db.Integer, primary_key=True)
    user_id = db.Column(db.ForeignKey("users.id"), nullable=False)
    category = db.Column(db.String(30), nullable=False)
    amount = db.Column(db.Float, nullable=False)
    spent_on = db.Column(db.Date, default=date.today)


class Goal(db.Model):
    __tablename__ = "goals"

    id = db.Column(db.Integer, primary_key=True)
    user_id = db.Column(db.ForeignKey("users.id"), nullable=False)
    name = db.Column(db.String(80), nullable=False)
    target = db.Column(db.Float, nullable=False)
