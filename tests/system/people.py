"""Two people who share first name, city, birthday and income, and what they do in the shop."""

from __future__ import annotations

from dataclasses import dataclass

import requests


@dataclass(frozen=True)
class Person:
    first_name: str
    last_name: str
    email: str
    phone: str
    birthday: str = "1990-04-17"
    city: str = "Zwickau"
    income: str = "50000"
    password: str = "correct horse battery"

    def form(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


MARIA = Person("Maria", "Kowalczyk", "maria.kowalczyk@example.com", "+4915123456701")
OTHER = Person("Maria", "Lindqvist", "m.lindqvist@example.org", "+46701740605")


def sign_in(client: requests.Session, url: str, person: Person) -> str:
    """Sign up and log in; return the application's id of the person."""
    made = client.post(f"{url}/signup", data=person.form())
    assert made.status_code == 201, made.text
    answer = client.post(f"{url}/login", data={"email": person.email, "password": person.password})
    assert answer.ok
    return str(made.json()["id"])
