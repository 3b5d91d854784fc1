"""Region, endpoint and deletion policy of an object: one row for each rule of the runtime contract, sections 2.2, 6 and 12."""

from __future__ import annotations

from typing import Any

import pytest

from ackpy.controllers import deletion
from ackpy.controllers.blocked import Blocked, Code
from ackpy.controllers.intent import ANNOTATION as INTENT
from ackpy.controllers.intent import Intent, Stage
from ackpy.controllers.options import DeletionPolicy, Endpoints
from ackpy.controllers.place import Held, endpoint, moved, region
from ackpy.kube.objects import Object
from ackpy.model.descriptor import Descriptor

FLAG = "us-east-1"
OWN = "services.k8s.aws/region"
DEFAULT = "services.k8s.aws/default-region"
URL = "services.k8s.aws/endpoint-url"
POLICY = "services.k8s.aws/deletion-policy"


def resource(annotations: dict[str, str], status: Any = None, finalizers: tuple[str, ...] = ()) -> Object:
    meta = {"name": "b", "namespace": "team-a", "uid": "u", "annotations": annotations, "finalizers": list(finalizers)}
    return {"apiVersion": "s3.services.k8s.aws/v1alpha1", "kind": "Bucket", "metadata": meta, "status": status or {}}


def namespace(**annotations: str) -> Object:
    return {"metadata": {"name": "team-a", "annotations": annotations}}


REGIONS: dict[str, tuple[dict[str, str], dict[str, str], str, str]] = {
    "the flag": ({}, {}, "", FLAG),
    "the namespace's default before the flag": ({}, {DEFAULT: "eu-west-1"}, "", "eu-west-1"),
    "the object's before the namespace's": ({OWN: "eu-west-2"}, {DEFAULT: "eu-west-1"}, "", "eu-west-2"),
    "where it is before all": ({OWN: "eu-west-2"}, {DEFAULT: "eu-west-1"}, "ap-south-1", "ap-south-1"),
    "empty values count as unset": ({OWN: ""}, {DEFAULT: ""}, "", FLAG),
    "the documented name of a namespace's default": ({}, {OWN: "eu-west-3"}, "", "eu-west-3"),
    "the name that ACK's code reads goes first": ({}, {OWN: "eu-west-3", DEFAULT: "eu-west-1"}, "", "eu-west-1"),
    "a default on the object says nothing": ({DEFAULT: "eu-west-1"}, {}, "", FLAG),
    "another partition": ({OWN: "cn-north-1"}, {}, "", "cn-north-1"),
}


@pytest.mark.parametrize("case", REGIONS)
def test_the_region(case: str) -> None:
    own, defaults, held, wanted = REGIONS[case]
    assert region(resource(own), namespace(**defaults), FLAG, held) == wanted


@pytest.mark.parametrize(
    ("own", "defaults", "holder"),
    [({OWN: "eu-middle"}, {}, "Bucket team-a/b"), ({}, {DEFAULT: "frankfurt"}, "Namespace team-a")],
)
def test_a_region_that_is_none_is_refused(own: dict[str, str], defaults: dict[str, str], holder: str) -> None:
    found = region(resource(own), namespace(**defaults), FLAG)
    assert isinstance(found, Blocked)
    assert (found.code, found.terminal, found.facts["holder"]) == (Code.ANNOTATION, True, holder)
    assert "must be the name of an AWS region" in found.text


@pytest.mark.parametrize(("asked", "where", "blocks"), [("", "a", False), ("a", "a", False), ("b", "a", True)])
def test_only_the_objects_own_annotation_asks_for_a_move(asked: str, where: str, *, blocks: bool) -> None:
    found = moved(resource({OWN: asked}), where)
    assert (found is not None) is blocks
    if found:
        assert where in found.text
        assert asked in found.text


MADE = {"ackResourceMetadata": {"arn": "arn:aws:s3:::b", "ownerAccountID": "111122223333", "region": "eu-west-1"}}
TRIED = {"ackResourceMetadata": {"ownerAccountID": "111122223333", "region": "eu-west-1"}}
OPEN = {INTENT: Intent("u", Stage.OPEN, "n", "444455556666", "eu-west-2").annotation()}
REFUSED = {INTENT: Intent("u", Stage.REFUSED, "n", "444455556666", "eu-west-2").annotation()}
HELD: dict[str, tuple[Any, dict[str, str], Held]] = {
    "nothing was tried": ({}, {}, Held()),
    "it was made": (MADE, {}, Held("111122223333", "eu-west-1")),
    "a failed create does not bind": (TRIED, {}, Held()),
    "a create whose end is not known does, where it was sent": (TRIED, OPEN, Held("444455556666", "eu-west-2")),
    "a refused one does not": (TRIED, REFUSED, Held()),
    "success outweighs the intent": (MADE, OPEN, Held("111122223333", "eu-west-1")),
}


@pytest.mark.parametrize("case", HELD)
def test_where_the_resource_is(bucket: Descriptor, case: str) -> None:
    status, marks, wanted = HELD[case]
    assert Held.of(bucket, resource(marks, status, (bucket.finalizer,))) == wanted


NEAR = Endpoints(unsafe=True)
LISTED = Endpoints(hosts=("proxy.example", "*.inner.example", "ported.example:8443"))
SAME = Endpoints(default="https://gate.example:9000")
ENDPOINTS: dict[str, tuple[str, Endpoints, str | Code]] = {
    "none": ("", Endpoints(), ""),
    "AWS's own": ("https://s3.eu-west-1.amazonaws.com", Endpoints(), "https://s3.eu-west-1.amazonaws.com"),
    "a customer's name under AWS's domain": ("https://b.s3.amazonaws.com", Endpoints(), Code.ENDPOINT),
    "another host": ("https://evil.example", Endpoints(), Code.ENDPOINT),
    "another host, though unsafe ones are allowed": ("http://evil.example", NEAR, Code.ENDPOINT),
    "a host that is listed": ("https://proxy.example:1", LISTED, "https://proxy.example:1"),
    "a host below a listed domain": ("https://a.inner.example", LISTED, "https://a.inner.example"),
    "a host that ends as a listed domain": ("https://ainner.example", LISTED, Code.ENDPOINT),
    "a host at a listed port": ("https://ported.example:8443", LISTED, "https://ported.example:8443"),
    "a host at another port": ("https://ported.example", LISTED, Code.ENDPOINT),
    "the host of the flag": ("https://gate.example:9000/path", SAME, "https://gate.example:9000/path"),
    "the host of the flag at another port": ("https://gate.example", SAME, Code.ENDPOINT),
    "a listed host without TLS": ("http://proxy.example", LISTED, Code.UNSAFE_ENDPOINT),
    "loopback": ("https://127.0.0.1:1", Endpoints(), Code.ENDPOINT),
    "loopback without TLS": ("http://localhost:4566", Endpoints(), Code.UNSAFE_ENDPOINT),
    "loopback where unsafe ones are allowed": ("http://127.0.0.1:4566", NEAR, "http://127.0.0.1:4566"),
    "loopback by name": ("http://localhost:4566", NEAR, "http://localhost:4566"),
    "the network's metadata service": ("http://169.254.169.254", NEAR, Code.ENDPOINT),
    "no URL": ("s3.amazonaws.com", NEAR, Code.ANNOTATION),
    "another scheme": ("file:///etc/passwd", NEAR, Code.ANNOTATION),
    "a user in front of another host": ("https://s3.amazonaws.com@evil.example", NEAR, Code.ANNOTATION),
    "a broken port": ("https://s3.amazonaws.com:x", NEAR, Code.ANNOTATION),
    "a query": ("https://s3.amazonaws.com?a=b", NEAR, Code.ANNOTATION),
}


@pytest.mark.parametrize("case", ENDPOINTS)
def test_the_endpoint(case: str) -> None:
    url, allowed, wanted = ENDPOINTS[case]
    found = endpoint(namespace(**{URL: url}), allowed)
    assert (found.code if isinstance(found, Blocked) else found) == wanted
    if isinstance(found, Blocked):
        assert found.terminal
        assert "Namespace team-a" in found.text


def test_a_refused_endpoint_says_how_to_allow_it() -> None:
    found = endpoint(namespace(**{URL: "https://evil.example"}), Endpoints())
    assert isinstance(found, Blocked)
    assert "--allowed-endpoint-hosts=evil.example" in found.advice


SERVICE = f"s3.{POLICY}"
POLICIES: dict[str, tuple[dict[str, str], dict[str, str], DeletionPolicy, DeletionPolicy | str]] = {
    "the flag": ({}, {}, DeletionPolicy.RETAIN, DeletionPolicy.RETAIN),
    "the namespace's before the flag": ({}, {SERVICE: "retain"}, DeletionPolicy.DELETE, DeletionPolicy.RETAIN),
    "the object's before the namespace's": (
        {POLICY: "delete"},
        {SERVICE: "retain"},
        DeletionPolicy.RETAIN,
        DeletionPolicy.DELETE,
    ),
    "empty values count as unset": ({POLICY: ""}, {SERVICE: ""}, DeletionPolicy.DELETE, DeletionPolicy.DELETE),
    "that of another service": ({}, {f"ecr.{POLICY}": "retain"}, DeletionPolicy.DELETE, DeletionPolicy.DELETE),
    "a namespace's without a service": ({}, {POLICY: "retain"}, DeletionPolicy.DELETE, DeletionPolicy.DELETE),
    "a typo on the object": ({POLICY: "Delete"}, {}, DeletionPolicy.DELETE, "Bucket team-a/b"),
    "a typo on the namespace": ({}, {SERVICE: "retian"}, DeletionPolicy.DELETE, "Namespace team-a"),
}


@pytest.mark.parametrize("case", POLICIES)
def test_the_deletion_policy(bucket: Descriptor, case: str) -> None:
    own, defaults, flag, wanted = POLICIES[case]
    found = deletion.policy(bucket, resource(own), namespace(**defaults), flag)
    if isinstance(found, Blocked):
        assert (found.code, found.facts["holder"]) == (Code.ANNOTATION, wanted)
        assert '"delete" or "retain"' in found.text
    else:
        assert found == wanted
