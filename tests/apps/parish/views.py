import hashlib
from datetime import date

import requests
from django.conf import settings
from django.http import HttpResponse, JsonResponse
from parish.models import User


def hash_of(text):
    return hashlib.sha256(text.strip().lower().encode()).hexdigest()


def health(request):
    return HttpResponse("ok")


def sign_up(request):
    form = request.POST
    user = User.objects.create(
        email=form["email"],
        password_hash=hash_of(form["password"]),
        first_name=form["first_name"],
        last_name=form["last_name"],
        phone=form["phone"],
        birthday=date.fromisoformat(form["birthday"]),
        city=form["city"],
        income=int(form["income"]),
    )
    return JsonResponse({"id": user.id}, status=201)


def log_in(request):
    user = User.objects.get(email=request.POST["email"])
    if user.password_hash != hash_of(request.POST["password"]):
        return HttpResponse("no", status=403)
    request.session["user_id"] = user.id
    return JsonResponse({"name": user.first_name})


def contact(request):
    user = User.objects.get(pk=request.session["user_id"])
    fields = {
        "mail": user.email,
        "first_name": user.first_name,
        "city": user.city,
        "birthday": user.birthday.isoformat(),
        "income": user.income,
    }
    requests.post(f"{settings.VENDOR}/crm/contacts", json=fields, timeout=20)
    return HttpResponse(status=204)


def conversion(request):
    user = User.objects.get(pk=request.session["user_id"])
    data = {"em": [hash_of(user.email)], "ph": [hash_of(user.phone.lstrip("+"))]}
    document = {"data": [{"user_data": data}]}
    requests.post(f"{settings.VENDOR}/pixel/events", json=document, timeout=20)
    return HttpResponse(status=204)
