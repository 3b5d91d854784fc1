"""What a FieldExport asks for, and the record of what it was given."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from ackpy.controllers.field_export.export import ANNOTATION, KEY, Export, Rules, Source, Target, recorded, rival
from ackpy.kube.objects import Object, ObjectKey

names = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True)
targets = st.builds(
    Target,
    st.sampled_from(["configmap", "secret"]),
    names,
    names,
    st.from_regex(KEY, fullmatch=True).filter(lambda k: k.strip(".") or len(k) > 2),
)
sources = st.builds(Source, st.text(), st.text(), st.text(), st.text())


@given(sources, targets, st.text(min_size=1))
def test_a_record_gives_back_what_was_recorded(source: Source, target: Target, uid: str) -> None:
    export = Export(ObjectKey("default", "e"), source, target)
    meta = {"namespace": "default", "name": "e", "uid": uid}
    marked: Object = {"metadata": {**meta, "annotations": {ANNOTATION: export.record(uid)}}}
    assert recorded(marked) == export
    copied: Object = {"metadata": {**meta, "uid": f"{uid}-", "annotations": {ANNOTATION: export.record(uid)}}}
    assert recorded(copied) is None


contents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["v", "uid", "source", "target"]), contents))
def test_no_record_is_too_odd_to_be_read(content: Object) -> None:
    held: Object = {"metadata": {"name": "e", "uid": "u", "annotations": {ANNOTATION: json.dumps(content)}}}
    assert recorded(held) is None or isinstance(recorded(held), Export)


@given(st.dictionaries(st.sampled_from(["from", "to"]), st.none() | st.just({})))
def test_a_spec_that_lacks_everything_is_read(spec: Object) -> None:
    export = Export.of({"metadata": {"namespace": "default", "name": "e"}, "spec": spec})
    assert Rules(cross_namespace=True, protected=frozenset()).forbid(export) is not None


@given(targets)
def test_a_target_that_may_be_written_has_a_path_of_its_own(target: Target) -> None:
    export = Export(ObjectKey(target.namespace, "e"), Source("g", "k", "n", "."), target)
    if Rules(cross_namespace=False, protected=frozenset()).forbid(export) is None:
        path = target.resource.object_path(target.object)
        assert path.split("/")[-2:] == [target.resource.plural, target.name]


def test_the_oldest_of_rivals_writes() -> None:
    def named(name: str, created: str) -> Object:
        to = {"kind": "configmap", "name": "t", "key": "k"}
        meta = {"namespace": "default", "name": name, "uid": name, "creationTimestamp": created}
        return {"metadata": meta, "spec": {"to": to}}

    rules = Rules(cross_namespace=True, protected=frozenset())
    old, young = named("z", "2026-01-01T00:00:00Z"), named("a", "2026-01-02T00:00:00Z")
    twin = named("b", "2026-01-02T00:00:00Z")
    assert rival(old, [young, twin], rules) is None
    assert rival(young, [], rules) is None
    assert rival(young, [twin], rules) is None
    assert rival(twin, [young], rules) is not None
    assert "FieldExport default/z" in str(rival(young, [old, twin], rules))
