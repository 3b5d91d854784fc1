from __future__ import annotations

from typing import Any

import pytest

from ackpy.local.apiserver.jsonpath import JsonPathError, find, parse

OBJECT: dict[str, Any] = {
    "metadata": {"annotations": {"a.b/c": "annotated"}},
    "spec": {"list": [{"name": "x", "n": 1, "ok": True}, {"name": "y", "n": 2, "ok": False}], "map": {"k": "v"}},
    "status": {"conditions": [{"type": "Ready", "status": "False"}, {"type": "ACK.ResourceSynced", "status": "True"}]},
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ('.status.conditions[?(@.type=="ACK.ResourceSynced")].status', ["True"]),
        (".status.conditions[?(@.type=='Ready')].status", ["False"]),
        ('.status.conditions[?(@.type!="Ready")].type', ["ACK.ResourceSynced"]),
        ('.status.conditions[?(@.type=="None")].status', []),
        (".spec.list[0].name", ["x"]),
        (".spec.list[-1].name", ["y"]),
        (".spec.list[5].name", []),
        (".spec.list[*].name", ["x", "y"]),
        (".spec.list[?(@.n==2)].name", ["y"]),
        (".spec.list[?(@.ok==true)].name", ["x"]),
        (".spec.map.*", ["v"]),
        (".metadata.annotations['a.b/c']", ["annotated"]),
        (r".metadata.annotations.a\.b/c", ["annotated"]),
        (".spec.nothing.here", []),
    ],
)
def test_what_a_path_finds(path: str, expected: list[Any]) -> None:
    assert find(parse(path), OBJECT) == expected


@pytest.mark.parametrize("path", ["spec", ".a[", ".a[?(@.b)]", ".a b", ".a..b"])
def test_a_path_that_is_not_understood_is_refused(path: str) -> None:
    with pytest.raises(JsonPathError, match="unrecognized character in JSONPath"):
        parse(path)
