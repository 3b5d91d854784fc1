"""How clients learn what there is: discovery, OpenAPI, version, metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ackpy.local.apiserver.discovery import AGGREGATED, by_priority
from ackpy.testing.widgets import CRDS, WIDGETS, widget

if TYPE_CHECKING:
    from ackpy.testing.api import Api, InProcess

Json = dict[str, Any]


def test_versions_are_in_the_order_of_preference() -> None:
    given = ["v1alpha1", "v1", "foo1", "v2beta1", "v10", "v2", "v1beta2", "v12alpha1", "bar"]
    assert by_priority(given) == ["v10", "v2", "v1", "v2beta1", "v1beta2", "v12alpha1", "v1alpha1", "bar", "foo1"]


def test_aggregated_discovery_lists_a_custom_kind(api: Api) -> None:
    found = api.call("GET", "/apis", headers={"Accept": AGGREGATED}).body
    (group,) = [item for item in found["items"] if item["metadata"]["name"] == "example.com"]
    (resource,) = group["versions"][0]["resources"]
    assert (found["kind"], group["versions"][0]["freshness"]) == ("APIGroupDiscoveryList", "Current")
    response_kind = {"group": "example.com", "version": "v1", "kind": "Widget"}
    assert (resource["resource"], resource["scope"], resource["responseKind"]) == (
        "widgets",
        "Namespaced",
        response_kind,
    )
    assert (resource["shortNames"], resource["categories"], resource["singularResource"]) == (
        ["wd"],
        ["toys"],
        "widget",
    )
    assert [sub["subresource"] for sub in resource["subresources"]] == ["status"]
    assert set(resource["verbs"]) == {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}


def test_plain_discovery_says_the_same(api: Api) -> None:
    assert api.call("GET", "/api").body["versions"] == ["v1"]
    assert "example.com" in [group["name"] for group in api.call("GET", "/apis").body["groups"]]
    group = api.call("GET", "/apis/example.com").body
    assert group["preferredVersion"] == {"groupVersion": "example.com/v1", "version": "v1"}
    resources = api.call("GET", "/apis/example.com/v1").body["resources"]
    assert [(r["name"], r["kind"], r["namespaced"]) for r in resources] == [
        ("widgets", "Widget", True),
        ("widgets/status", "Widget", True),
    ]


def test_openapi_tells_kubectl_what_it_looks_for(api: Api) -> None:
    index = api.call("GET", "/openapi/v3").body["paths"]
    url = index["apis/example.com/v1"]["serverRelativeURL"]
    document = api.call("GET", url).body
    patch = document["paths"]["/apis/example.com/v1/namespaces/{namespace}/widgets/{name}"]["patch"]
    assert patch["x-kubernetes-group-version-kind"] == {"group": "example.com", "version": "v1", "kind": "Widget"}
    assert "fieldValidation" in [parameter["name"] for parameter in patch["parameters"]]
    assert "application/strategic-merge-patch+json" not in patch["requestBody"]["content"]
    schema = document["components"]["schemas"]["com.example.v1.Widget"]
    assert schema["properties"]["spec"]["properties"]["color"]["enum"] == ["red", "green"]


def test_every_reference_of_a_document_leads_somewhere(embedded: InProcess) -> None:
    for path, entry in embedded.call("GET", "/openapi/v3").body["paths"].items():
        document = embedded.call("GET", entry["serverRelativeURL"]).body
        names = {reference.rsplit("/", 1)[1] for reference in _references(document)}
        assert names <= set(document["components"]["schemas"]), path
        assert names, path


def test_the_documents_follow_the_definitions(embedded: InProcess) -> None:
    before = embedded.call("GET", "/openapi/v3").body["paths"]["apis/example.com/v1"]
    patch = {"spec": {"versions": embedded.call("GET", f"{CRDS}/widgets.example.com").body["spec"]["versions"]}}
    patch["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["description"] = "Changed."
    embedded.call("PATCH", f"{CRDS}/widgets.example.com", patch, type_="application/merge-patch+json")
    assert embedded.call("GET", "/openapi/v3").body["paths"]["apis/example.com/v1"] != before


@pytest.mark.parametrize("path", ["/openapi/v3/apis/no/v1", "/apis/no", "/apis/no/v1", "/nothing", "/api/v2"])
def test_what_is_not_there_is_not_found(embedded: InProcess, path: str) -> None:
    assert embedded.call("GET", path).code == 404


def test_requests_are_counted_as_the_real_server_counts(embedded: InProcess) -> None:
    embedded.call("POST", WIDGETS, widget())
    embedded.call("GET", f"{WIDGETS}/a")
    embedded.call("GET", WIDGETS)
    embedded.call("PATCH", f"{WIDGETS}/a?fieldManager=x&force=true", widget(), type_="application/apply-patch+yaml")
    embedded.call("PATCH", f"{WIDGETS}/a/status", {"status": {"x": 1}}, type_="application/merge-patch+json")
    embedded.call("DELETE", f"{WIDGETS}/nope")
    lines = embedded.call("GET", "/metrics").body.splitlines()
    counted = [line for line in lines if line.startswith("apiserver_request_total") and 'resource="widgets"' in line]
    assert {
        (_label(line, "verb"), _label(line, "subresource"), _label(line, "code"), line.split()[-1]) for line in counted
    } == {
        ("POST", "", "201", "1.0"),
        ("GET", "", "200", "1.0"),
        ("LIST", "", "200", "1.0"),
        ("APPLY", "", "200", "1.0"),
        ("PATCH", "status", "200", "1.0"),
        ("DELETE", "", "404", "1.0"),
    }


def _label(line: str, name: str) -> str:
    return line.split(f'{name}="')[1].split('"', maxsplit=1)[0]


def _references(value: object) -> set[str]:
    if isinstance(value, dict):
        here = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return here.union(*(_references(item) for item in value.values()))
    return set().union(*(_references(item) for item in value)) if isinstance(value, list) else set()
