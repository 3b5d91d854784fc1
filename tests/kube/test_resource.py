from __future__ import annotations

import pytest

from ackpy.kube.objects import ObjectKey
from ackpy.kube.resource import LEASES, NAMESPACES, SECRETS, Resource

BUCKETS = Resource("s3.example.org", "v1alpha1", "buckets", "Bucket")


@pytest.mark.parametrize(
    ("resource", "namespace", "path"),
    [
        (BUCKETS, "a", "/apis/s3.example.org/v1alpha1/namespaces/a/buckets"),
        (BUCKETS, "", "/apis/s3.example.org/v1alpha1/buckets"),
        (SECRETS, "a", "/api/v1/namespaces/a/secrets"),
        (NAMESPACES, "a", "/api/v1/namespaces"),
    ],
)
def test_paths_of_collections(resource: Resource, namespace: str, path: str) -> None:
    assert resource.collection_path(namespace) == path


@pytest.mark.parametrize(
    ("resource", "key", "subresource", "path"),
    [
        (BUCKETS, ObjectKey("a", "b"), "status", "/apis/s3.example.org/v1alpha1/namespaces/a/buckets/b/status"),
        (NAMESPACES, ObjectKey("", "a"), "", "/api/v1/namespaces/a"),
        (LEASES, ObjectKey("a", "b"), "", "/apis/coordination.k8s.io/v1/namespaces/a/leases/b"),
        (BUCKETS, ObjectKey("a", "../b?c"), "", "/apis/s3.example.org/v1alpha1/namespaces/a/buckets/..%2Fb%3Fc"),
    ],
)
def test_paths_of_objects(resource: Resource, key: ObjectKey, subresource: str, path: str) -> None:
    assert resource.object_path(key, subresource) == path


@pytest.mark.parametrize("key", [ObjectKey("a", ""), ObjectKey("", "b")])
def test_a_key_that_would_mean_a_collection_is_refused(key: ObjectKey) -> None:
    with pytest.raises(ValueError, match=r"Bucket .*a name and a namespace is needed"):
        BUCKETS.object_path(key)


def test_what_a_resource_says_of_itself() -> None:
    assert (BUCKETS.api_version, SECRETS.api_version) == ("s3.example.org/v1alpha1", "v1")
    assert (str(BUCKETS), str(SECRETS)) == ("buckets.s3.example.org", "secrets")
    assert BUCKETS.holds({"apiVersion": "s3.example.org/v1alpha1", "kind": "Bucket"})
    assert not BUCKETS.holds({"apiVersion": "s3.example.org/v1", "kind": "Bucket"})
