from __future__ import annotations

import pytest

from ackpy.kube.objects import Object, apply_merge_patch, finalizers_of, version_of
from ackpy.runtime.finalizers import add_finalizer, has_finalizer, remove_finalizer

OURS = "example.org/ours"


def obj(*names: str) -> Object:
    return {"metadata": {"name": "a", "resourceVersion": "7", **({"finalizers": list(names)} if names else {})}}


@pytest.mark.parametrize(("before", "after"), [((), (OURS,)), (("x",), ("x", OURS))])
def test_adding(before: tuple[str, ...], after: tuple[str, ...]) -> None:
    patch = add_finalizer(obj(*before), OURS)
    assert patch is not None
    assert version_of(patch) == "7"
    assert finalizers_of(apply_merge_patch(obj(*before), patch)) == list(after)


@pytest.mark.parametrize(("before", "after"), [((OURS,), ()), (("x", OURS, "y"), ("x", "y"))])
def test_removing(before: tuple[str, ...], after: tuple[str, ...]) -> None:
    patch = remove_finalizer(obj(*before), OURS)
    assert patch is not None
    assert version_of(patch) == "7"
    assert finalizers_of(apply_merge_patch(obj(*before), patch)) == list(after)


def test_nothing_to_do() -> None:
    assert add_finalizer(obj(OURS), OURS) is None
    assert remove_finalizer(obj("x"), OURS) is None
    assert has_finalizer(obj("x", OURS), OURS)
    assert not has_finalizer(obj(), OURS)
