"""What a club leaves to RQ's workers. Its environment: ``VENDOR``, base URL of all it talks to."""

import os

import requests


def tell(**fields):
    requests.post(os.environ["VENDOR"] + "/v1/messages", json=fields, timeout=20)


def welcome(user_id, email, city=None):
    tell(to=email, town=city)


async def remember(profile):
    tell(to=profile["email"], town=profile["city"])


class Club:
    def __init__(self, name):
        self.name = name

    def invite(self, account_id, email):
        tell(to=email)


def fail(user_id, email):
    raise ZeroDivisionError(email)
