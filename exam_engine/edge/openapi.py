"""The OpenAPI 3.1 document, made from the declarations of the endpoints and nothing else."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from exam_engine.edge.http import Endpoint
from exam_engine.edge.registration_shapes import InboxNews
from exam_engine.edge.shapes import BoardDelta, BoardPong, PaperFrame, Problem, Welcome
from exam_engine.messages import (
    Ack,
    Bye,
    Event,
    FrameUp,
    NextPiece,
    PictureKept,
    PictureRefused,
    Piece,
    Pong,
    Rejected,
    Told,
)

REF = "#/components/schemas/{name}"
ERRORS = {
    "400": "malformed",
    "401": "nobody is logged in",
    "403": "not for this account",
    "404": "no such thing, or not for this account to know",
    "409": "refused by the rules; nothing was changed",
    "413": "body too large",
    "429": "too often",
}
DEVICE = {"type": "string", "pattern": "^[A-Za-z0-9_-]{8,64}$"}
PICTURE = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
NUMBER = {"type": "integer", "minimum": 1, "maximum": 2**53 - 1}
# Parameters that are not numbers, or may be left out, by name.
PARAMETERS: dict[str, tuple[bool, dict[str, Any]]] = {
    "rooms": (False, {"type": "string", "enum": ["mine"]}),
    "device": (True, DEVICE),
    "picture": (True, PICTURE),
    "job": (True, DEVICE),
    "receipt": (True, {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,300}$"}),
    "why": (False, {"type": "string", "enum": ["interval", "start", "again", "back", "hand_in", "asked"]}),
    "ago_ms": (False, {"type": "integer", "minimum": 0, "maximum": 86_400_000}),
    "sitting": (False, NUMBER),
    "before": (False, NUMBER),
    "state": (False, {"type": "string", "maxLength": 20}),
    "link": (True, {"type": "string", "maxLength": 64}),
    "subject": (False, {"type": "string", "enum": ["profile", "evaluation", "exemption", "deferral", "change"]}),
    "q": (False, {"type": "string", "maxLength": 60}),
    "title": (True, {"type": "string", "maxLength": 300}),
    "category": (False, {"type": "string", "maxLength": 20}),
    "department": (False, {"type": "string", "maxLength": 40}),
    "procedure": (False, {"type": "string", "enum": ["none", "simple_applied", "simple", "general"]}),
    "flag": (False, {"type": "string", "maxLength": 40}),
    "mine": (False, {"type": "string", "enum": ["1"]}),
    "unassigned": (False, {"type": "string", "enum": ["1"]}),
    "after": (False, {"type": "string", "maxLength": 80}),
    "institution": (False, NUMBER),
    "slot": (False, NUMBER),
    "province": (False, {"type": "string", "pattern": "^[0-9]{2}$"}),
    "kind": (False, {"type": "string", "maxLength": 20}),
    "role": (False, {"type": "string", "maxLength": 20}),
    "pool": (False, {"type": "string", "maxLength": 80}),
    "topic": (False, {"type": "string", "maxLength": 200}),
    "type": (False, {"type": "string", "maxLength": 4}),
    "difficulty": (False, {"type": "string", "enum": ["1", "2", "3"]}),
    "specialty": (False, {"type": "string", "maxLength": 80}),
    "level": (False, {"type": "string", "maxLength": 20}),
    "author": (False, {"type": "string", "maxLength": 80}),
    "status": (False, {"type": "string", "maxLength": 20}),
    "format": (False, {"type": "string", "maxLength": 20}),
    "name": (False, {"type": "string", "maxLength": 200}),
    "least": (False, {"type": "integer", "minimum": 30, "maximum": 100}),
    "in_force": (False, {"type": "string", "enum": ["1"]}),
    "cycle": (False, {"type": "integer", "minimum": 1, "maximum": 8999}),
    "outcome": (False, {"type": "string", "enum": ["qualified", "unqualified"]}),
    "form": (False, {"type": "string", "enum": ["xlsx", "csv"]}),
    "numbers": (False, {"type": "string", "enum": ["masked", "full"]}),
    "number": (True, {"type": "string", "maxLength": 40}),
    "code": (True, {"type": "string", "maxLength": 40}),
    "pass_points": (False, {"type": "integer", "minimum": 1, "maximum": 100}),
    "version": (False, NUMBER),
}
# What only travels on sockets, so that the browser's types are made from here too.
ON_SOCKETS: tuple[Any, ...] = (
    FrameUp, Piece, Event, Told, Ack, Rejected, Pong, NextPiece, PictureKept, PictureRefused, Bye, Welcome, PaperFrame,
    BoardDelta, BoardPong, InboxNews,
)  # fmt: skip


def document(endpoints: Sequence[Endpoint], version: str) -> dict[str, Any]:
    """The whole document as plain data; equal declarations give equal documents."""
    types = [t for e in endpoints for t in (e.body, e.answer) if t not in (None, bytes)]
    types += [Problem, *ON_SOCKETS]
    schemas, components = msgspec.json.schema_components(types, ref_template=REF)
    schema_of = dict(zip(map(id, types), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Physician assessment exam engine", "version": version},
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": {
                "cookie": {"type": "apiKey", "in": "cookie", "name": "exam_session"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(endpoint: Endpoint, schema_of: dict[int, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": endpoint.summary,
        "operationId": endpoint.handler.__name__,
        "parameters": [*_path_parameters(endpoint.path), *_query_parameters(endpoint)],
        "responses": {"200": _answer(endpoint, schema_of), **_errors()},
    }
    if endpoint.roles:
        operation["security"] = [{"cookie": []}, {"bearer": []}]
        operation["x-roles"] = sorted(endpoint.roles)
    if endpoint.body is not None or endpoint.stream:
        operation["requestBody"] = {"required": True, "content": _content(endpoint, schema_of)}
    return operation


def _content(endpoint: Endpoint, schema_of: dict[int, Any]) -> dict[str, Any]:
    if endpoint.body is bytes or endpoint.stream:
        return {endpoint.media: {"schema": {"type": "string", "format": "binary"}}}
    return {"application/json": {"schema": schema_of[id(endpoint.body)]}}


def _answer(endpoint: Endpoint, schema_of: dict[int, Any]) -> dict[str, Any]:
    if endpoint.answer is not None:
        return {"description": "done", "content": {"application/json": {"schema": schema_of[id(endpoint.answer)]}}}
    if endpoint.media and endpoint.body is None:
        return {"description": "a file", "content": {media: {} for media in (endpoint.media, *endpoint.media_too)}}
    return {"description": "done"}


def _errors() -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": REF.format(name="Problem")}}}
    return {status: {"description": text, "content": content} for status, text in ERRORS.items()}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": PARAMETERS.get(name, (True, NUMBER))[1]}
        for name in re.findall(r"{(\w+)}", path)
    ]


def _query_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "required": PARAMETERS[name][0], "schema": PARAMETERS[name][1]}
        for name in endpoint.query
    ]
