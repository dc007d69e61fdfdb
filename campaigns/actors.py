"""Who did something: recorded with every event."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User


@dataclass(frozen=True)
class Actor:
    kind: str
    user: User | None = None

    def columns(self) -> dict[str, Any]:
        """The two columns an event row keeps."""
        return {"actor": self.kind, "user": self.user}

    @classmethod
    def staff(cls, user: User) -> "Actor":
        return cls("staff", user)


BUYER = Actor("buyer")
SYSTEM = Actor("system")
GATEWAY = Actor("gateway")
