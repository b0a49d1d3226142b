"""People, their orders and what they are called there."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import models


class Customer(models.Model):
    """A person with an account."""

    user = models.OneToOneField(User, on_delete=models.CASCADE)
    city = models.CharField(max_length=50)
    born = models.DateField()
    monthly_income = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        app_label = "django_shop"


class Order(models.Model):
    """What somebody has bought."""

    buyer = models.ForeignKey(User, on_delete=models.CASCADE, db_column="bought_by_user")
    delivery_phone = models.CharField(max_length=30)
    article = models.CharField(max_length=30)

    class Meta:
        app_label = "django_shop"


class Queue(models.Model):
    """Where tickets wait, with a mailbox of its own."""

    title = models.CharField(max_length=50)
    email_address = models.EmailField()

    class Meta:
        app_label = "django_shop"


class Ticket(models.Model):
    """What somebody without an account asks for."""

    queue = models.ForeignKey(Queue, on_delete=models.CASCADE)
    submitter_email = models.EmailField()
    assigned_to = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)

    class Meta:
        app_label = "django_shop"


class Remark(models.Model):
    """What is said of a ticket, by a user or by nobody known."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE)
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    comment = models.TextField()

    class Meta:
        app_label = "django_shop"


class Basket(models.Model):
    """What a guest puts things into."""

    contact_email = models.EmailField()

    class Meta:
        app_label = "django_shop"


class Destination(models.Model):
    """Where something is sent."""

    last_name = models.CharField(max_length=50)
    phone = models.CharField(max_length=30)

    class Meta:
        app_label = "django_shop"
        db_table = "shipping_address"


class Purchase(models.Model):
    """What a guest or a user has bought."""

    shipping_address = models.ForeignKey(Destination, null=True, on_delete=models.CASCADE)
    buyer = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    guest_email = models.EmailField()

    class Meta:
        app_label = "django_shop"


class SentMail(models.Model):
    """A mail that has been sent in the name of a user."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    sender = models.CharField(max_length=50)

    class Meta:
        app_label = "django_shop"
