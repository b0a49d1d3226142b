"""What a program of one vendor's SDK looks like, and the people whose data it sends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

Person = Mapping[str, str]

PEOPLE: tuple[Person, ...] = (
    {
        "id": "u-48213",
        "email": "marta.quill@harbourmail.example",
        "first_name": "Marta",
        "last_name": "Quillfeather",
        "phone": "+4915112345671",
        "city": "Rotterdam",
        "postal_code": "30119",
        "birthday": "1987-04-23",
    },
    {
        "id": "u-77102",
        "email": "tobias.okafor@postbox.example",
        "first_name": "Tobias",
        "last_name": "Okaforsen",
        "phone": "+4915198765432",
        "city": "Gothenburg",
        "postal_code": "41103",
        "birthday": "1991-11-02",
    },
    {
        "id": "u-90455",
        "email": "ines.valverde@correo.example",
        "first_name": "Ines",
        "last_name": "Valverdinho",
        "phone": "+34911234567",
        "city": "Salamanca",
        "postal_code": "37008",
        "birthday": "1979-08-17",
    },
)


class Program(ABC):
    """One SDK as an application uses it: a client for the process, calls from its requests."""

    @abstractmethod
    def start(self) -> None:
        """Make the client, outside of any request."""

    @abstractmethod
    def send(self, person: Person) -> Any:
        """Tell the vendor about the person of this request; returns what the SDK returns."""

    @abstractmethod
    def nothing(self) -> Any:
        """Use the same calls without anybody's data."""

    def stop(self) -> None:
        """Send what is still held, and end the SDK's threads; most hold nothing."""
        return
