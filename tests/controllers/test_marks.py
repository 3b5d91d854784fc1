"""The annotations that pass from one pass to the next: what was managed, and what became of a create."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.controllers import intent, memory
from ackpy.controllers.intent import Claim, Intent, Stage, claim
from ackpy.controllers.memory import PENDING, Memory, digests, modes
from ackpy.kube.objects import Object
from ackpy.model.delta import Mode
from ackpy.model.descriptor import Descriptor

UID = "u-1"
FINALIZER = "finalizers.s3.services.k8s.aws/Bucket"
ARN = {"ackResourceMetadata": {"arn": "arn:aws:s3:::b"}}
SYNCED = {"conditions": [{"type": "ACK.ResourceSynced", "status": "True"}]}
TERMINAL = {"conditions": [{"type": "ACK.Terminal", "status": "True"}]}


def obj(
    *,
    finalizers: tuple[str, ...] = (FINALIZER,),
    status: dict[str, Any] | None = None,
    marks: dict[str, str] | None = None,
) -> Object:
    return {
        "metadata": {"uid": UID, "finalizers": list(finalizers), "annotations": marks or {}},
        "status": status or {},
    }


def intended(stage: Stage, uid: str = UID) -> dict[str, str]:
    return {intent.ANNOTATION: Intent(uid, stage, "n").annotation()}


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (obj(finalizers=()), Claim.NONE),
        (obj(finalizers=("another/one",)), Claim.NONE),
        (obj(), Claim.OWNED),
        (obj(marks=intended(Stage.OPEN)), Claim.OPEN),
        (obj(marks=intended(Stage.OPEN), status=ARN), Claim.OWNED),
        (obj(marks=intended(Stage.OPEN), status=SYNCED), Claim.OWNED),
        (obj(marks=intended(Stage.OPEN), status=TERMINAL), Claim.OPEN),
        (obj(marks=intended(Stage.REFUSED)), Claim.REFUSED),
        (obj(marks=intended(Stage.REFUSED), status=ARN), Claim.REFUSED),
        (obj(marks=intended(Stage.OPEN, "another")), Claim.NONE),
        (obj(marks=intended(Stage.REFUSED, "another"), status=ARN), Claim.OWNED),
        (obj(marks={memory.ANNOTATION: Memory("another", {}).annotation()}), Claim.NONE),
        (obj(marks={memory.ANNOTATION: Memory(UID, {}).annotation()}), Claim.OWNED),
        (obj(finalizers=(), status=ARN), Claim.OWNED),
        (obj(finalizers=(), status=ARN | TERMINAL), Claim.NONE),
        (obj(finalizers=(), status=SYNCED), Claim.NONE),
        ({"metadata": {}}, Claim.NONE),
    ],
)
def test_what_an_object_may_do(bucket: Descriptor, found: Object, wanted: Claim) -> None:
    assert claim(bucket, found) is wanted


@pytest.mark.parametrize("text", ["", "{", "null", "[]", '{"v":1}', '{"v":9,"uid":"u-1","stage":"open","nonce":"n"}',
                                  '{"v":1,"uid":"u-1","stage":"made","nonce":"n"}', '{"v":1,"uid":"u-1","stage":"open"}'])  # fmt: skip
def test_an_intent_that_cannot_be_read_does_not_count(text: str) -> None:
    assert Intent.of(obj(marks={intent.ANNOTATION: text})) is None


@given(st.sampled_from(list(Stage)), st.text(max_size=10))
def test_an_intent_reads_back(stage: Stage, nonce: str) -> None:
    written = Intent(UID, stage, nonce)
    assert Intent.of(obj(marks={intent.ANNOTATION: written.annotation()})) == written


def test_a_token_depends_on_object_and_attempt_alone() -> None:
    tokens = {Intent(uid, Stage.OPEN, nonce).token for uid in "ab" for nonce in "12"}
    assert len(tokens) == 4
    assert Intent("a", Stage.REFUSED, "1").token == Intent("a", Stage.OPEN, "1").token
    assert all(len(token) == 32 and int(token, 16) >= 0 for token in tokens)


@given(st.dictionaries(st.text("abc", min_size=1), st.text("0123", min_size=1)))
def test_a_memory_reads_back_and_is_always_the_same_text(paths: dict[str, str]) -> None:
    written = Memory(UID, paths)
    text = written.annotation()
    assert Memory.of(obj(marks={memory.ANNOTATION: text})) == written
    assert Memory(UID, dict(reversed(paths.items()))).annotation() == text
    assert set(json.loads(text)) == {"v", "uid", "paths"}


def test_a_path_enters_pending_and_keeps_the_digest_that_it_has() -> None:
    assert Memory(UID, {"a": "1"}).gaining(["a", "b"]).paths == {"a": "1", "b": PENDING}


def test_after_the_writes_digests_are_taken_and_resets_forgotten() -> None:
    held = Memory(UID, {"a": "1", "b": PENDING, "c": "3", "d": "4"})
    assert held.after({"b": "2", "d": "5"}, ["c"]).paths == {"a": "1", "b": "2", "d": "5"}


def test_a_digest_stands_for_what_aws_knows(bucket: Descriptor) -> None:
    spec = {"name": "b", "policy": None, "unheardOf": 1, "versioning": {"status": "Enabled"}}
    assert set(digests(bucket, spec)) == {"name", "versioning"}


@pytest.mark.parametrize(
    ("paths", "unconfirmed", "wanted"),
    [
        (None, False, {"name": Mode.LEAVES, "versioning": Mode.LEAVES}),
        (None, True, {"name": Mode.LEAVES, "versioning": Mode.WHOLE}),
        ({}, False, {"name": Mode.WHOLE, "versioning": Mode.WHOLE}),
        ({"versioning": PENDING}, False, {"name": Mode.WHOLE, "versioning": Mode.WHOLE}),
        ({"cors": "1"}, False, {"name": Mode.WHOLE, "versioning": Mode.WHOLE, "cors": Mode.CLEAR}),
        ({"cors": "1"}, True, {"name": Mode.LEAVES, "versioning": Mode.WHOLE, "cors": Mode.CLEAR}),
    ],
)
def test_modes(bucket: Descriptor, paths: dict[str, str] | None, unconfirmed: bool, wanted: dict[str, Mode]) -> None:
    spec = {"name": "b", "versioning": {"status": "Enabled"}}
    held = None if paths is None else Memory(UID, paths)
    assert modes(bucket, spec, held, unconfirmed=unconfirmed) == wanted


def test_what_is_as_it_was_is_compared_leaf_by_leaf(bucket: Descriptor) -> None:
    spec = {"name": "b", "versioning": {"status": "Enabled"}}
    held = Memory(UID, digests(bucket, spec))
    assert set(modes(bucket, spec, held).values()) == {Mode.LEAVES}
    assert modes(bucket, spec | {"versioning": {}}, held)["versioning"] is Mode.WHOLE
