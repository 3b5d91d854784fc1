"""Create, replace, patch: what a write changes and what it leaves. Runs on the embedded server or kube-apiserver, see `api`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ackpy.testing.widgets import WIDGETS, widget

if TYPE_CHECKING:
    from ackpy.testing.api import Api, InProcess, Reply

MERGE, JSON_PATCH = "application/merge-patch+json", "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


def merge(api: Api, body: Any, path: str = f"{WIDGETS}/a") -> Reply:
    return api.call("PATCH", path, body, type_=MERGE)


def test_the_server_alone_sets_identity_and_history(api: Api) -> None:
    sent = {
        "uid": "abc",
        "generation": 7,
        "creationTimestamp": "2020-01-01T00:00:00Z",
        "deletionTimestamp": "2020-01-01T00:00:00Z",
    }
    made = api.call("POST", WIDGETS, widget(metadata=sent, status={"x": 1})).body
    metadata = made["metadata"]
    assert metadata["uid"] != "abc"
    assert metadata["generation"] == 1
    assert metadata["creationTimestamp"] > "2025"
    assert "deletionTimestamp" not in metadata
    assert "status" not in made


def test_a_name_is_generated(api: Api) -> None:
    made = api.call("POST", WIDGETS, widget("", metadata={"generateName": "foo-"})).metadata["name"]
    assert made.startswith("foo-")
    assert len(made) == 9


def test_a_taken_name_is_a_conflict(api: Api) -> None:
    api.call("POST", WIDGETS, widget())
    reply = api.call("POST", WIDGETS, widget())
    assert (reply.code, reply.body["reason"]) == (409, "AlreadyExists")
    assert reply.body["details"] == {"name": "a", "group": "example.com", "kind": "widgets"}


def test_generation_counts_changes_of_the_spec_alone(api: Api) -> None:
    api.call("POST", WIDGETS, widget())
    steps = [
        ({"metadata": {"labels": {"x": "y"}}}, f"{WIDGETS}/a"),
        ({"status": {"x": 1}}, f"{WIDGETS}/a/status"),
        ({"spec": {"size": 2}}, f"{WIDGETS}/a"),
        ({"spec": {"size": 2}}, f"{WIDGETS}/a"),
    ]
    assert [merge(api, body, path).metadata["generation"] for body, path in steps] == [1, 1, 2, 2]


def test_status_and_the_rest_are_written_apart(api: Api) -> None:
    api.call("POST", WIDGETS, widget())
    body = {"spec": {"size": 9}, "status": {"x": 1}, "metadata": {"labels": {"a": "b"}}}
    through_status = merge(api, body, f"{WIDGETS}/a/status").body
    assert (through_status["spec"]["size"], through_status["status"]) == (1, {"x": 1})
    assert "labels" not in through_status["metadata"]
    through_main = merge(api, {"spec": {"size": 9}, "status": {"x": 2}}).body
    assert (through_main["spec"]["size"], through_main["status"]) == (9, {"x": 1})


def test_a_write_that_changes_nothing_is_no_write(api: Api) -> None:
    first = api.call("POST", WIDGETS, widget()).body
    assert merge(api, {"spec": {"size": 1}}).body == first
    assert api.call("PUT", f"{WIDGETS}/a", first).body == first


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_stale_version_is_a_conflict(api: Api, method: str) -> None:
    stale = api.call("POST", WIDGETS, widget()).body
    merge(api, {"spec": {"size": 2}})
    reply = api.call(
        method, f"{WIDGETS}/a", stale | {"spec": {"size": 3}}, type_=MERGE if method == "PATCH" else "application/json"
    )
    assert (reply.code, reply.body["reason"]) == (409, "Conflict")
    assert reply.message == f'Operation cannot be fulfilled on widgets.example.com "a": {MODIFIED}'
    assert api.call("GET", f"{WIDGETS}/a").body["spec"]["size"] == 2


def test_a_custom_object_is_replaced_at_a_version_only(api: Api) -> None:
    api.call("POST", WIDGETS, widget())
    reply = api.call("PUT", f"{WIDGETS}/a", widget())
    assert reply.code == 422
    assert "metadata.resourceVersion: Invalid value: 0: must be specified for an update" in reply.message


def test_immutable_fields_stay(api: Api) -> None:
    api.call("POST", WIDGETS, widget(spec={"size": 1, "fixed": "a", "fixedObject": {"a": "b"}}))
    reply = merge(api, {"spec": {"fixed": "b", "fixedObject": {"a": "c"}}})
    assert reply.code == 422
    assert 'spec.fixed: Invalid value: "b": Value is immutable once set' in reply.message
    assert "spec.fixedObject: Invalid value: failed rule: self == oldSelf" in reply.message


def test_an_immutable_field_may_be_set_later_and_dropped(api: Api) -> None:
    api.call("POST", WIDGETS, widget())
    assert merge(api, {"spec": {"fixed": "b"}}).code == 200
    assert merge(api, {"spec": {"fixed": None}}).code == 200


def test_json_patch_is_all_or_nothing(api: Api) -> None:
    api.call("POST", WIDGETS, widget())
    patch = [{"op": "replace", "path": "/spec/size", "value": 4}, {"op": "test", "path": "/spec/size", "value": 5}]
    reply = api.call("PATCH", f"{WIDGETS}/a", patch, type_=JSON_PATCH)
    assert (reply.code, reply.message) == (422, "the server rejected our request due to an error in our request")
    assert api.call("GET", f"{WIDGETS}/a").body["spec"]["size"] == 1
    assert api.call("PATCH", f"{WIDGETS}/a", patch[:1], type_=JSON_PATCH).body["spec"]["size"] == 4


def test_a_dry_run_leaves_nothing(api: Api) -> None:
    made = api.call("POST", f"{WIDGETS}?dryRun=All", widget())
    assert (made.code, made.body["spec"]["color"]) == (201, "red")
    assert api.call("GET", f"{WIDGETS}/a").code == 404


def test_a_finalizer_holds_a_deleted_object(api: Api) -> None:
    api.call("POST", WIDGETS, widget(metadata={"finalizers": ["a.b/c"]}))
    marked = api.call("DELETE", f"{WIDGETS}/a")
    assert (marked.code, marked.body["kind"]) == (200, "Widget")
    assert (marked.metadata["deletionGracePeriodSeconds"], marked.metadata["generation"]) == (0, 2)
    again = api.call("POST", WIDGETS, widget())
    assert again.message == 'object is being deleted: widgets.example.com "a" already exists'
    more = merge(api, {"metadata": {"finalizers": ["a.b/c", "a.b/d"]}})
    assert more.code == 422
    assert "no new finalizers can be added if the object is being deleted" in more.message
    merge(api, {"metadata": {"finalizers": None}})
    assert api.call("GET", f"{WIDGETS}/a").code == 404


def test_a_deletion_tells_what_is_gone(api: Api) -> None:
    made = api.call("POST", WIDGETS, widget()).metadata
    gone = api.call("DELETE", f"{WIDGETS}/a").body
    assert gone["status"] == "Success"
    assert gone["details"] == {"name": "a", "group": "example.com", "kind": "widgets", "uid": made["uid"]}


@pytest.mark.parametrize("precondition", [{"uid": "x"}, {"resourceVersion": "1"}])
def test_a_deletion_with_a_false_precondition_does_nothing(api: Api, precondition: dict[str, str]) -> None:
    api.call("POST", WIDGETS, widget())
    options = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": precondition}
    assert api.call("DELETE", f"{WIDGETS}/a", options).body["reason"] == "Conflict"
    assert api.call("GET", f"{WIDGETS}/a").code == 200


def test_a_collection_is_deleted_by_selector(api: Api) -> None:
    for name, app in (("a", "x"), ("b", "y"), ("c", "x")):
        api.call("POST", WIDGETS, widget(name, metadata={"labels": {"app": app}}))
    api.call("DELETE", f"{WIDGETS}?labelSelector=app%3Dx")
    assert [item["metadata"]["name"] for item in api.call("GET", WIDGETS).body["items"]] == ["b"]


def test_a_secrets_plain_values_are_encoded(api: Api) -> None:
    secrets = "/api/v1/namespaces/default/secrets"
    made = api.call("POST", secrets, {"metadata": {"name": "s"}, "stringData": {"a": "1"}}).body
    assert (made["data"], made["type"], "stringData" in made) == ({"a": "MQ=="}, "Opaque", False)
    changed = merge(api, {"type": "x"}, f"{secrets}/s")
    assert changed.message == 'Secret "s" is invalid: type: Invalid value: "x": field is immutable'


def test_a_config_map_merges_strategically(api: Api) -> None:
    api.call("POST", CONFIG_MAPS, {"metadata": {"name": "c"}, "data": {"a": "1", "b": "2"}})
    patched = api.call("PATCH", f"{CONFIG_MAPS}/c", {"data": {"a": None, "c": "3"}}, type_=STRATEGIC)
    assert patched.body["data"] == {"b": "2", "c": "3"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"metadata": {"name": "q"}, "data": {"a": 1}},
            (
                'ConfigMap in version "v1" cannot be handled as a ConfigMap: '
                "json: cannot unmarshal number into Go struct field ConfigMap.data of type string"
            ),
        ),
        (
            {"metadata": {"name": "q"}, "dat": {}, "foo": 1},
            (
                'ConfigMap in version "v1" cannot be handled as a ConfigMap: '
                'strict decoding error: unknown field "dat", unknown field "foo"'
            ),
        ),
    ],
)
def test_a_misfit_of_a_built_in_kind_is_undecodable(api: Api, body: Any, message: str) -> None:
    reply = api.call("POST", f"{CONFIG_MAPS}?fieldValidation=Strict", body)
    assert (reply.code, reply.message) == (400, message)


def test_a_namespaces_own_finalizer_goes_through_its_subresource(embedded: InProcess) -> None:
    path = "/api/v1/namespaces/n"
    made = embedded.call("POST", "/api/v1/namespaces", {"metadata": {"name": "n"}}).body
    assert (made["spec"], made["status"]) == ({"finalizers": ["kubernetes"]}, {"phase": "Active"})
    kept = merge(embedded, {"spec": {"finalizers": []}}, path)
    assert kept.body["spec"] == {"finalizers": ["kubernetes"]}
    embedded.call("DELETE", path)
    embedded.call("PUT", f"{path}/finalize", {"metadata": {"name": "n"}, "spec": {"finalizers": []}})
    assert embedded.call("GET", path).code == 404


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"name": "b"}, "the name of the object (b) does not match the name on the URL (a)"),
        (
            {"namespace": "kube-system"},
            "the namespace of the object (kube-system) does not match the namespace on the URL (default)",
        ),
    ],
)
def test_an_object_is_not_moved(embedded: InProcess, metadata: dict[str, str], message: str) -> None:
    current = embedded.call("POST", WIDGETS, widget()).body
    reply = embedded.call("PUT", f"{WIDGETS}/a", current | {"metadata": current["metadata"] | metadata})
    assert (reply.code, reply.message) == (400, message)


def test_an_object_has_a_limit_of_its_own(embedded: InProcess) -> None:
    reply = embedded.call("POST", CONFIG_MAPS, {"metadata": {"name": "big"}, "data": {"a": "x" * 1_600_000}})
    assert (reply.code, reply.body["reason"]) == (413, "RequestEntityTooLarge")


def test_a_secret_is_in_no_error(embedded: InProcess) -> None:
    path = "/api/v1/namespaces/default/secrets"
    bodies: list[Any] = [
        {"metadata": {"name": "s"}, "data": {"a": "hunter2!"}},
        {"metadata": {"name": "s"}, "stringData": {"a b": "hunter2!"}},
        {"metadata": {"name": "s"}, "stringData": {"a": ["hunter2!"]}},
        {"metadata": {"name": "s"}, "stringDta": {"a": "hunter2!"}},
        b'{"metadata": {"name": "s"}, "data": {"a": "hunter2!"',
    ]
    replies = [embedded.call("POST", f"{path}?fieldValidation=Strict", body) for body in bodies]
    assert all(reply.code in (400, 422) for reply in replies)
    assert not any("hunter2" in str(reply.body) for reply in replies)
