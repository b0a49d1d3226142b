"""Vendors' APIs on loopback: a proxy that answers in their place and forwards nothing."""

from examples.stand_in.answers import VENDORS
from examples.stand_in.proxy import Arrival, StandIn, is_answering

__all__ = ["VENDORS", "Arrival", "StandIn", "is_answering"]
