"""The document of the API is the API's, whole and valid, and the pages' client is made from it as it is now."""

import json
import re
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
import schemathesis

from exam_engine.app import ENDPOINTS, version
from exam_engine.edge.openapi import ON_SOCKETS, document
from exam_engine.messages import EVENT_BY_KIND, DeviceCommand, StaffCommand
from tests.exam_engine.edge.server import Server

FILE: Final = Path(__file__).parents[3] / "exam_engine" / "web" / "openapi.json"


@pytest.fixture(scope="module")
def generated() -> dict[str, Any]:
    """The document as clients get it: through JSON."""
    text = msgspec.json.encode(document(ENDPOINTS, version()))
    plain: dict[str, Any] = json.loads(text)
    return plain


def references(value: Any) -> set[str]:
    """Every $ref (and every mapping of a discriminator) in the document."""
    if isinstance(value, dict):
        mine = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        mine |= set(value.get("mapping", {}).values()) if "propertyName" in value else set()
        return mine.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


def test_the_file_the_pages_are_made_from_is_the_generated_document(generated: dict[str, Any]) -> None:
    stale = json.loads(FILE.read_text()) != generated
    assert not stale, "run: exam openapi > exam_engine/web/openapi.json"


def test_it_is_a_valid_openapi_document(generated: dict[str, Any]) -> None:
    schemathesis.openapi.from_dict(generated).validate()  # against the OpenAPI Initiative's own schema of 3.1


def test_every_reference_leads_somewhere(generated: dict[str, Any]) -> None:
    found = references(generated)
    assert found
    for reference in found:
        name = reference.removeprefix("#/components/schemas/")
        assert name in generated["components"]["schemas"], reference


def test_no_schema_is_left_over(generated: dict[str, Any]) -> None:
    used = {reference.rpartition("/")[2] for reference in references(generated)}
    left = set(generated["components"]["schemas"]) - used
    assert left <= {kind.__name__ for kind in _on_sockets()}, "only what travels on sockets is named by no path"


def _on_sockets() -> set[type]:
    kinds: set[type] = set(EVENT_BY_KIND.values())
    for union in (DeviceCommand, StaffCommand, *ON_SOCKETS):
        kinds |= set(getattr(union, "__args__", (union,)))
    return kinds


def test_operations_have_names_of_their_own(generated: dict[str, Any]) -> None:
    named = [operation["operationId"] for path in generated["paths"].values() for operation in path.values()]
    assert len(named) == len(set(named))


def test_no_two_shapes_share_a_name(generated: dict[str, Any]) -> None:
    spelled_out = [name for name in generated["components"]["schemas"] if "." in name]
    assert not spelled_out, "types of one name are told apart by their modules, which are nobody's business outside"


def test_every_endpoint_says_what_it_is_for_and_who_may_call_it(generated: dict[str, Any]) -> None:
    for endpoint in ENDPOINTS:
        operation = generated["paths"][endpoint.path][endpoint.method.lower()]
        assert operation["summary"], endpoint.path
        assert operation.get("x-roles", []) == sorted(endpoint.roles)
        assert ("security" in operation) == bool(endpoint.roles)


def test_every_event_and_frame_of_the_sockets_is_in_it(generated: dict[str, Any]) -> None:
    for kind in _on_sockets():
        assert kind.__name__ in generated["components"]["schemas"], kind


@pytest.mark.asyncio(loop_scope="module")
async def test_every_route_of_the_application_is_in_it_and_the_reverse(
    server: Server, generated: dict[str, Any]
) -> None:
    routes = set()
    for route in server.app.router.routes():
        assert route.resource is not None
        path = re.sub(r"{(\w+):[^/]*}", r"{\1}", route.resource.get_info().get("formatter", route.resource.canonical))
        routes.add((route.method, path))
    pages = {("GET", "/{page}"), ("HEAD", "/{page}"), ("*", "/api/{rest}")}
    documented = {(method.upper(), path) for path, item in generated["paths"].items() for method in item}
    assert routes - pages == documented
    assert pages <= routes


@pytest.mark.asyncio(loop_scope="module")
async def test_the_server_hands_out_the_same_document(server: Server, generated: dict[str, Any]) -> None:
    async with server.person("province") as somebody:
        assert await somebody.get("/api/openapi.json") == generated
