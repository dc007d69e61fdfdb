"""What can go wrong with a gateway, by what may be done about it."""

from payments.secrets import redacted


class GatewayError(Exception):
    """A call to a gateway did not end as hoped; what it says quotes no secret."""

    def __init__(self, words: object = "") -> None:
        super().__init__(redacted(str(words)))


class Declined(GatewayError):
    """The gateway's final no."""


class Rejected(GatewayError):
    """The gateway says our request was wrong: repeating it will not help."""


class Unavailable(GatewayError):
    """Nothing happened; the same call may be made again."""


class Unknown(GatewayError):
    """The answer was lost: look it up before anything is repeated."""


class BadSignature(GatewayError):
    """A notification that did not come from the gateway."""
