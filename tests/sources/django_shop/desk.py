"""Views of a help desk: guests ask, staff types what is other people's."""

from __future__ import annotations

import json

from django.contrib.auth import get_user, get_user_model
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from tests.sources.django_shop import models
from tests.sources.django_shop.forwarding import answer, forward


def opened(request: HttpRequest) -> HttpResponse:
    """A guest opens a ticket; the queue's mailbox gets it, with a telephone number."""
    queue = models.Queue.objects.get()
    ticket = models.Ticket.objects.create(queue=queue, submitter_email=request.POST["email"])
    models.Remark.objects.create(ticket=ticket, comment=request.POST["comment"])
    return answer([queue.email_address, request.POST["email"], request.POST["phone"]])


def reported(request: HttpRequest) -> HttpResponse:
    """Staff opens a ticket for somebody."""
    get_user(request).get_username()
    queue, email = models.Queue.objects.get(), request.POST["email"]
    models.Ticket.objects.create(queue=queue, submitter_email=email)
    return answer(f"to {email}")


def imported(request: HttpRequest) -> HttpResponse:
    """Staff sends a list of people."""
    get_user(request).get_username()
    return answer(json.dumps(json.loads(request.body)))


def corrected(request: HttpRequest, number: int) -> HttpResponse:
    """Staff takes a ticket and changes its e-mail."""
    ticket = models.Ticket.objects.get(pk=number)
    ticket.submitter_email = request.POST["email"]
    ticket.assigned_to = get_user(request)
    ticket.save()
    return answer(f"to {request.POST['email']}")


def written(request: HttpRequest, how: str) -> HttpResponse:
    """Staff writes tickets without saving one; where nothing else is said, the first."""
    get_user(request).get_username()
    email, tickets = request.POST["email"], models.Ticket.objects
    queue = models.Queue.objects.get()
    if how == "update":
        tickets.filter(pk=1).update(submitter_email=email)
    elif how == "update_all":
        tickets.update(submitter_email=email)
    elif how == "bulk_update":
        ticket = tickets.get(pk=1)
        ticket.submitter_email = email
        tickets.bulk_update([ticket], ["submitter_email"])
    elif how == "bulk_create":
        new = [models.Ticket(queue=queue, submitter_email=email) for email in (email, "b@c.de")]
        tickets.bulk_create(ticket for ticket in new)
    elif how == "bulk_upsert":
        tickets.bulk_create(
            [models.Ticket(pk=1, queue=queue, submitter_email=email)], ignore_conflicts=True
        )
    elif how == "update_or_create":
        tickets.update_or_create(pk=1, defaults={"submitter_email": email})
    elif how == "user":
        get_user_model().objects.create_user("veit", email)
    elif how == "create":
        tickets.update_or_create(pk=2, defaults={"submitter_email": email, "queue": queue})
    elif how == "cursor":
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE django_shop_ticket SET submitter_email = %s WHERE id = %s", [email, 1]
            )
    return answer(f"to {email}")


def answered(request: HttpRequest, number: int) -> HttpResponse:
    """Staff sends a ticket's e-mail back with its form."""
    get_user(request).get_username()
    return answer(f"to {request.POST['email']} of {number}")


def told(request: HttpRequest, number: int) -> HttpResponse:
    ticket = models.Ticket.objects.get(pk=number)
    return answer([ticket.submitter_email, ticket.remark_set.get().comment])


def invited(request: HttpRequest) -> HttpResponse:
    """Somebody writes to whom they have typed, one or several."""
    get_user(request).get_username()
    for address in request.POST["to"].replace(",", " ").split():
        if "@" in address:
            forward([address.strip("<>")])
    return HttpResponse("ok")


def hired(request: HttpRequest) -> HttpResponse:
    """Staff creates an account; another system has it before the row is written."""
    get_user(request).get_username()
    given = {name: request.POST[name] for name in ("username", "first_name", "email")}
    forward([given["username"], given["email"]])
    user = get_user_model().objects.create_user(**given)
    forward([user.email])
    return HttpResponse("ok")


def listed(request: HttpRequest, mailbox: str) -> HttpResponse:
    """A visitor looks at a queue by its address, which another system is asked for."""
    return answer([models.Queue.objects.get(email_address=mailbox).title, mailbox])


def filled(request: HttpRequest) -> HttpResponse:
    models.Basket.objects.create(contact_email=request.POST["email"])
    return HttpResponse("ok")


def bought(request: HttpRequest) -> HttpResponse:
    """A guest's order repeats the basket's e-mail, a copy of it."""
    email = json.loads(json.dumps(models.Basket.objects.get().contact_email))
    buyer = get_user(request) if "by user" in request.POST else None
    purchase = models.Purchase.objects.create(guest_email=email, buyer=buyer)
    return answer(json.loads(json.dumps(purchase.guest_email)))


def delivered(request: HttpRequest) -> HttpResponse:
    purchase = models.Purchase.objects.select_related("shipping_address").get()
    return answer([purchase.guest_email, str(purchase.shipping_address.phone)])


def sent(request: HttpRequest) -> HttpResponse:
    mail = models.SentMail.objects.select_related("user").get()
    return answer(f"from {mail.sender}")


urlpatterns = [
    path("opened", opened), path("imported", imported),
    path("reported", reported), path("corrected/<int:number>", corrected),
    path("answered/<int:number>", answered), path("told/<int:number>", told),
    path("filled", filled), path("bought", bought), path("sent", sent),
    path("written/<str:how>", written),
    path("delivered", delivered), path("invited", invited), path("hired", hired),
    path("listed/<str:mailbox>", listed),
]  # fmt: skip
