"""The only errors a person can cause.

A bug is an assertion and crashes; a person's error is data: a code from a closed set and the facts about it.
The edge maps it at one place to a status; the browser owns the sentences in Chinese and English.
"""

from typing import ClassVar


class PersonError(Exception):
    """Something a person asked for that can't be done; `code` is stable, `facts` fill its sentence."""

    status: ClassVar[int] = 400

    def __init__(self, code: str, **facts: "str | int | float | bool | None") -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class Refused(PersonError):
    """The rules say no, now: nothing was changed."""

    status = 409


class Invalid(PersonError):
    """The request itself is malformed."""

    status = 400


class NotFound(PersonError):
    """There is no such thing, or it is not for this person to know of it."""

    status = 404


class Forbidden(PersonError):
    """The person is known and may not do this."""

    status = 403


class NotLoggedIn(PersonError):
    """Nobody is logged in on this device."""

    status = 401


class TooMany(PersonError):
    """Too often; `retry_after_s` says when again."""

    status = 429


class Unavailable(PersonError):
    """The database did not answer: nothing is known to be saved, the same again later is safe."""

    status = 503


class TooLarge(PersonError):
    """The body is over its named limit."""

    status = 413
