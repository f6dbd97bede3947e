"""`exam openapi`: the API's document on standard output; the front end's client is generated from it."""

import sys

import msgspec

from exam_engine.edge.openapi import document


def openapi() -> None:
    """Print the OpenAPI document."""
    from exam_engine.app import ENDPOINTS, version  # noqa: PLC0415  only this needs all of it

    text = msgspec.json.format(msgspec.json.encode(document(ENDPOINTS, version())), indent=1)
    sys.stdout.write(text.decode() + "\n")
