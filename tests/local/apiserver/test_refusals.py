"""Each row is what kube-apiserver 1.35 answered; the embedded server must say the same. Runs on either, see the fixture `api`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ackpy.testing.widgets import WIDGETS, widget

if TYPE_CHECKING:
    from ackpy.testing.api import Api

NOT_CHECKED = (
    "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation"
)

# What is in spec -> the field, and the text of its only error. Errors marked blocking are followed by NOT_CHECKED.
BLOCKING: dict[str, tuple[Any, str]] = {
    "string for integer": (
        {"size": "x"},
        'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"',
    ),
    "fraction for integer": (
        {"size": 1.5},
        'spec.size: Invalid value: "number": spec.size in body must be of type integer: "number"',
    ),
    "missing": ({}, "spec.size: Required value"),
    "not in the enumeration": (
        {"size": 1, "color": "blue"},
        'spec.color: Unsupported value: "blue": supported values: "red", "green"',
    ),
    "too long": ({"size": 1, "name": "abcdef"}, "spec.name: Too long: may not be more than 5 bytes"),
    "too long is the first thing said": (
        {"size": 1, "name": "ABCDEFG"},
        "spec.name: Too long: may not be more than 5 bytes",
    ),
    "neither integer nor string": (
        {"size": 1, "port": True},
        'spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"',
    ),
    "string for boolean": (
        {"size": 1, "flag": "y"},
        'spec.flag: Invalid value: "string": spec.flag in body must be of type boolean: "string"',
    ),
    "no date": (
        {"size": 1, "when": "y"},
        'spec.when: Invalid value: "y": spec.when in body must be of type date-time: "y"',
    ),
    "no base64": (
        {"size": 1, "blob": "!!"},
        'spec.blob: Invalid value: "!!": spec.blob in body must be of type byte: "!!"',
    ),
    "required in an item": ({"size": 1, "tags": [{"value": "a"}]}, "spec.tags[0].key: Required value"),
    "integer in an item": (
        {"size": 1, "tags": [{"key": "a", "value": 3}]},
        'spec.tags[0].value: Invalid value: "integer": spec.tags[0].value in body must be of type string: "integer"',
    ),
    "too many items": (
        {"size": 1, "tags": [{"key": key} for key in "abcd"]},
        "spec.tags: Too many: 4: must have at most 3 items",
    ),
    "object for array": (
        {"size": 1, "tags": {}},
        'spec.tags: Invalid value: "object": spec.tags in body must be of type array: "object"',
    ),
    "integer in a map": (
        {"size": 1, "labels": {"a": 1}},
        'spec.labels.a: Invalid value: "integer": spec.labels.a in body must be of type string: "integer"',
    ),
    "too many properties": (
        {"size": 1, "labels": {"a": "1", "b": "", "c": ""}},
        "spec.labels: Too many: 3: must have at most 2 items",
    ),
    "string for object": ("x", 'spec: Invalid value: "string": spec in body must be of type object: "string"'),
}
OTHERS: dict[str, tuple[Any, str]] = {
    "above the maximum": (
        {"size": 11},
        "spec.size: Invalid value: 11: spec.size in body should be less than or equal to 10",
    ),
    "below the minimum": (
        {"size": 0},
        "spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1",
    ),
    "too short": (
        {"size": 1, "name": "a"},
        'spec.name: Invalid value: "a": spec.name in body should be at least 2 chars long',
    ),
    "against the pattern": (
        {"size": 1, "name": "AB"},
        "spec.name: Invalid value: \"AB\": spec.name in body should match '^[a-z]+$'",
    ),
    "no multiple": (
        {"size": 1, "ratio": 0.3},
        "spec.ratio: Invalid value: 0.3: spec.ratio in body should be a multiple of 0.5",
    ),
    "too few items": (
        {"size": 1, "tags": []},
        "spec.tags: Invalid value: 0: spec.tags in body should have at least 1 items",
    ),
    "a key twice": ({"size": 1, "tags": [{"key": "a"}, {"key": "a"}]}, 'spec.tags[1]: Duplicate value: {"key":"a"}'),
    "a member twice": ({"size": 1, "names": ["a", "a"]}, 'spec.names[1]: Duplicate value: "a"'),
}


@pytest.mark.parametrize(("spec", "text"), BLOCKING.values(), ids=BLOCKING)
def test_a_blocking_error_leaves_the_rules_unchecked(api: Api, spec: Any, text: str) -> None:
    reply = api.call("POST", WIDGETS, widget(spec=spec))
    assert (reply.code, reply.body["reason"]) == (422, "Invalid")
    assert reply.message == f'Widget.example.com "a" is invalid: [{text}, {NOT_CHECKED}]'
    field, _, detail = text.partition(": ")
    cause = reply.body["details"]["causes"][0]
    assert (cause["field"], cause["message"]) == (field, detail)


@pytest.mark.parametrize(("spec", "text"), OTHERS.values(), ids=OTHERS)
def test_an_error_of_value_stands_alone(api: Api, spec: Any, text: str) -> None:
    reply = api.call("POST", WIDGETS, widget(spec=spec))
    assert reply.message == f'Widget.example.com "a" is invalid: {text}'
    assert reply.body["details"]["causes"][0]["reason"].startswith("FieldValue")


DNS_NAME = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end "
    "with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
DECODING = 'Widget in version "v1" cannot be handled as a Widget: '
# Body, query -> code, reason, message.
REQUESTS: dict[str, tuple[Any, str, int, str, str]] = {
    "unknown field": (
        widget(spec={"size": 1, "foo": 1, "free": {"x": 1}}),
        "fieldValidation=Strict",
        400,
        "BadRequest",
        DECODING + 'strict decoding error: unknown field "spec.foo"',
    ),
    "unknown field of metadata": (
        widget(metadata={"foo": 1}),
        "fieldValidation=Strict",
        400,
        "BadRequest",
        DECODING + 'strict decoding error: unknown field "metadata.foo"',
    ),
    "unknown field at the top": (
        widget(bar=1),
        "fieldValidation=Strict",
        400,
        "BadRequest",
        DECODING + 'strict decoding error: unknown field "bar"',
    ),
    "a field twice": (
        b'{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"dd"},"spec":{"size":1,"size":2}}',
        "fieldValidation=Strict",
        400,
        "BadRequest",
        DECODING + 'strict decoding error: duplicate field "spec.size"',
    ),
    "a label that is a number": (
        widget(metadata={"labels": {"a": 1}}),
        "",
        400,
        "BadRequest",
        DECODING + "json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string",
    ),
    "a name in capitals": (
        widget("A_"),
        "",
        422,
        "Invalid",
        f'Widget.example.com "A_" is invalid: metadata.name: Invalid value: "A_": {DNS_NAME}',
    ),
    "no name": (
        widget(""),
        "",
        422,
        "Invalid",
        f'Widget.example.com "" is invalid: [metadata.name: Required value: name or generateName is required, {NOT_CHECKED}]',
    ),
    "another namespace": (
        widget(metadata={"namespace": "other"}),
        "",
        400,
        "BadRequest",
        "the namespace of the provided object does not match the namespace sent on the request",
    ),
    "another kind": (
        widget() | {"kind": "Foo"},
        "",
        422,
        "Invalid",
        'Foo.example.com "a" is invalid: kind: Invalid value: "Foo": must be Widget',
    ),
    "another version": (
        widget() | {"apiVersion": "example.com/v2"},
        "",
        400,
        "BadRequest",
        "the API version in the data (example.com/v2) does not match the expected API version (example.com/v1)",
    ),
    "an owner without a uid": (
        widget(metadata={"ownerReferences": [{"apiVersion": "v1", "kind": "X", "name": "a"}]}),
        "",
        422,
        "Invalid",
        'Widget.example.com "a" is invalid: metadata.ownerReferences.uid: Invalid value: "": must not be empty',
    ),
    "a dry run of another kind": (
        widget(),
        "dryRun=Foo",
        422,
        "Invalid",
        'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Foo"]: supported values: "All"',
    ),
    "a validation of another kind": (
        widget(),
        "fieldValidation=Foo",
        422,
        "Invalid",
        (
            'CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Foo": '
            'supported values: "", "Ignore", "Strict", "Warn"'
        ),
    ),
}


@pytest.mark.parametrize(("body", "query", "code", "reason", "message"), REQUESTS.values(), ids=REQUESTS)
def test_a_bad_creation_is_refused_in_the_servers_words(
    api: Api, body: Any, query: str, code: int, reason: str, message: str
) -> None:
    reply = api.call("POST", f"{WIDGETS}?{query}", body)
    assert (reply.code, reply.body["reason"], reply.message) == (code, reason, message)


@pytest.mark.parametrize(
    ("method", "path", "type_", "body", "code", "message"),
    [
        ("GET", f"{WIDGETS}/nope", "application/json", None, 404, 'widgets.example.com "nope" not found'),
        ("DELETE", f"{WIDGETS}/nope", "application/json", None, 404, 'widgets.example.com "nope" not found'),
        ("PUT", f"{WIDGETS}/nope", "application/json", widget("nope"), 404, 'widgets.example.com "nope" not found'),
        ("GET", f"{WIDGETS}/nope/scale", "application/json", None, 404, 'widgets.example.com "nope" not found'),
        (
            "GET",
            f"{WIDGETS}?fieldSelector=spec.x%3Dy",
            "application/json",
            None,
            400,
            "field label not supported: spec.x",
        ),
        (
            "PATCH",
            f"{WIDGETS}/nope",
            "application/strategic-merge-patch+json",
            {},
            415,
            (
                "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, "
                "application/merge-patch+json, application/apply-patch+yaml"
            ),
        ),
        (
            "PATCH",
            f"{WIDGETS}/nope",
            "application/apply-patch+yaml",
            widget("nope"),
            422,
            'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
        ),
        (
            "POST",
            "/apis/example.com/v1/namespaces/nope/widgets",
            "application/json",
            widget(),
            404,
            'namespaces "nope" not found',
        ),
        (
            "DELETE",
            "/api/v1/namespaces/default",
            "application/json",
            None,
            403,
            'namespaces "default" is forbidden: this namespace may not be deleted',
        ),
        (
            "GET",
            f"{WIDGETS}?resourceVersionMatch=Exact",
            "application/json",
            None,
            422,
            (
                'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: '
                "resourceVersionMatch is forbidden unless resourceVersion is provided"
            ),
        ),
    ],
)
def test_a_bad_request_is_refused_in_the_servers_words(
    api: Api, method: str, path: str, type_: str, body: Any, code: int, message: str
) -> None:
    reply = api.call(method, path, body, type_=type_)
    assert (reply.code, reply.message) == (code, message)


def test_an_unknown_field_is_warned_of_and_pruned(api: Api) -> None:
    spec = {"size": 1, "foo": 1, "atoms": [{"b": 1}, {"a": "x", "c": 2}]}
    reply = api.call("POST", f"{WIDGETS}?fieldValidation=Warn", widget(spec=spec))
    assert reply.code == 201
    assert reply.body["spec"] == {"size": 1, "color": "red", "atoms": [{}, {"a": "x"}]}
    expected = {f'299 - "unknown field \\"{path}\\""' for path in ("spec.foo", "spec.atoms[0].b", "spec.atoms[1].c")}
    assert set(reply.warnings) == expected


def test_ignore_prunes_in_silence(api: Api) -> None:
    reply = api.call("POST", f"{WIDGETS}?fieldValidation=Ignore", widget(spec={"size": 1, "foo": 1}))
    assert (reply.code, reply.warnings, reply.body["spec"]) == (201, [], {"size": 1, "color": "red"})


def test_a_null_is_dropped_unless_the_field_may_be_null(api: Api) -> None:
    reply = api.call("POST", WIDGETS, widget(spec={"size": 1, "nothing": None, "name": None, "color": None}))
    assert reply.body["spec"] == {"size": 1, "nothing": None, "color": "red"}
