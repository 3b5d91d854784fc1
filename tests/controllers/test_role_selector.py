"""IAMRoleSelector: one row for each rule of the runtime contract, section 13."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.controllers.role_selector import RoleSelector, is_role
from ackpy.errors import ConfigError
from ackpy.kube.objects import Object

ARN = "arn:aws:iam::111122223333:role/team"
BUCKET = ("s3.services.k8s.aws", "v1alpha1", "Bucket")


def selector(**spec: Any) -> Object:
    return {"metadata": {"name": "mine", "resourceVersion": "7"}, "spec": {"arn": ARN, **spec}}


def of_type(group: str = "", version: str = "", kind: str = "") -> dict[str, str]:
    return {"group": group, "version": version, "kind": kind}


def labels(**values: str) -> dict[str, Any]:
    return {"matchLabels": values}


def resource(namespace: str = "team-a", **values: str) -> Object:
    meta = {"name": "b", "namespace": namespace, "labels": values}
    return {"apiVersion": f"{BUCKET[0]}/{BUCKET[1]}", "kind": BUCKET[2], "metadata": meta}


NAMED = {"names": ["team-a", "team-b"]}
PICKS: dict[str, tuple[dict[str, Any], bool]] = {
    "nothing said picks everything": ({}, True),
    "an empty list of types picks everything": ({"resourceTypeSelector": []}, True),
    "one of the names": ({"namespaceSelector": NAMED}, True),
    "none of the names": ({"namespaceSelector": {"names": ["team-b"]}}, False),
    "no names": ({"namespaceSelector": {"names": []}}, True),
    "the namespace's label": ({"namespaceSelector": {"names": [], "labelSelector": labels(env="prod")}}, True),
    "another value of it": ({"namespaceSelector": {"names": [], "labelSelector": labels(env="dev")}}, False),
    "name and label": ({"namespaceSelector": {**NAMED, "labelSelector": labels(env="prod")}}, True),
    "name, and not the label": ({"namespaceSelector": {**NAMED, "labelSelector": labels(env="dev")}}, False),
    "label, and not the name": (
        {"namespaceSelector": {"names": ["other"], "labelSelector": labels(env="prod")}},
        False,
    ),
    "the group": ({"resourceTypeSelector": [of_type(group=BUCKET[0])]}, True),
    "another group": ({"resourceTypeSelector": [of_type(group="ecr.services.k8s.aws")]}, False),
    "the kind": ({"resourceTypeSelector": [of_type(kind="Bucket")]}, True),
    "the kind in another version": ({"resourceTypeSelector": [of_type(kind="Bucket", version="v1")]}, False),
    "all three": ({"resourceTypeSelector": [of_type(*BUCKET)]}, True),
    "one of several types": ({"resourceTypeSelector": [of_type(kind="Key"), of_type(kind="Bucket")]}, True),
    "none of several types": ({"resourceTypeSelector": [of_type(kind="Key"), of_type(kind="Role")]}, False),
    "its label": ({"resourceLabelSelector": labels(tier="a")}, True),
    "both labels": ({"resourceLabelSelector": labels(tier="a", app="b")}, True),
    "one label of two": ({"resourceLabelSelector": labels(tier="a", app="c")}, False),
    "a label that it has not": ({"resourceLabelSelector": labels(missing="a")}, False),
    "namespace and type, not the label": (
        {
            "namespaceSelector": NAMED,
            "resourceTypeSelector": [of_type(kind="Bucket")],
            "resourceLabelSelector": labels(x=""),
        },
        False,
    ),
}


@pytest.mark.parametrize("case", PICKS)
def test_what_is_picked(case: str) -> None:
    spec, wanted = PICKS[case]
    namespace = {"metadata": {"name": "team-a", "labels": {"env": "prod", "other": "x"}}}
    assert RoleSelector.of(selector(**spec)).picks(resource(tier="a", app="b"), namespace) is wanted


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "no ARN": ({"arn": "team"}, "spec.arn"),
    "the ARN of something else": ({"arn": "arn:aws:s3:::bucket"}, "spec.arn"),
    "a role without an account": ({"arn": "arn:aws:iam:::role/team"}, "spec.arn"),
    "an empty name": ({"namespaceSelector": {"names": [""]}}, "spec.namespaceSelector.names"),
    "a name twice": ({"namespaceSelector": {"names": ["a", "a"]}}, "spec.namespaceSelector.names"),
    "an empty label of the namespace": (
        {"namespaceSelector": {"names": [], "labelSelector": {"matchLabels": {"": "x"}}}},
        "spec.namespaceSelector.labelSelector",
    ),
    "an empty label of the object": (
        {"resourceLabelSelector": {"matchLabels": {"": "x"}}},
        "spec.resourceLabelSelector",
    ),
    "a type that says nothing": ({"resourceTypeSelector": [of_type()]}, "spec.resourceTypeSelector"),
    "a type twice": ({"resourceTypeSelector": [of_type(*BUCKET), of_type(*BUCKET)]}, "spec.resourceTypeSelector"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_what_is_wrong_is_named(case: str) -> None:
    spec, path = MISTAKES[case]
    with pytest.raises(ConfigError, match=path.replace(".", r"\.")):
        RoleSelector.of(selector(**spec))


def test_all_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        RoleSelector.of(selector(arn="x", namespaceSelector={"names": ["a", "a", ""]}))
    assert str(caught.value).count("; ") == 2


def test_the_condition_names_role_selector_and_version() -> None:
    found = RoleSelector.of(selector())
    assert found.text == f"roleARN: {ARN}, selectorName: mine, selectorResourceVersion: 7"


@pytest.mark.parametrize("text", [ARN, "arn:aws-cn:iam::111122223333:role/path/to/role"])
def test_a_role(text: str) -> None:
    assert is_role(text)


@given(st.text(max_size=12))
def test_a_role_is_of_an_account(account: str) -> None:
    assert is_role(f"arn:aws:iam::{account}:role/r") == (len(account) == 12 and account.isascii() and account.isdigit())
