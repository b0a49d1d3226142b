"""Send a reminder to everybody who has an order."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from tests.sources.django_shop.forwarding import forward
from tests.sources.django_shop.models import Order


class Command(BaseCommand):
    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--email")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["email"]:
            forward(options["email"])
        for order in Order.objects.select_related("buyer"):
            forward([order.delivery_phone, order.buyer.email])
