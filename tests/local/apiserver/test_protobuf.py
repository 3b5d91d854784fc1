from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.local.apiserver.protobuf import decode
from ackpy.local.apiserver.protobuf_messages import KINDS, MESSAGES
from ackpy.local.apiserver.status import ApiError

# What `kubectl create configmap a --from-literal=x=y` of kubectl 1.37 sends.
CONFIG_MAP = bytes.fromhex(
    "6b3873000a0f0a0276311209436f6e6669674d6170121b0a110a016112001a0022002a0032003800420012060a01781201791a002200"
)


def tagged(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2, len(content)]) + content


def varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def body(version: str, kind: str, message: bytes) -> bytes:
    return b"k8s\x00" + tagged(1, tagged(1, version.encode()) + tagged(2, kind.encode())) + tagged(2, message)


def test_what_kubectl_sends_is_read() -> None:
    assert decode(CONFIG_MAP) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a"},
        "data": {"x": "y"},
    }


def test_a_zero_that_was_set_is_kept() -> None:
    spec = tagged(1, b"me") + bytes([5 << 3, 0])
    assert decode(body("coordination.k8s.io/v1", "Lease", tagged(2, spec)))["spec"] == {
        "holderIdentity": "me",
        "leaseTransitions": 0,
    }


def test_times_and_bytes_are_written_as_json_writes_them() -> None:
    renewed = bytes([1 << 3]) + varint(1_767_225_600) + bytes([2 << 3]) + varint(100_000)
    lease = decode(body("coordination.k8s.io/v1", "Lease", tagged(2, tagged(4, renewed))))
    assert lease["spec"] == {"renewTime": "2026-01-01T00:00:00.000100Z"}
    secret = decode(body("v1", "Secret", tagged(2, tagged(1, b"k") + tagged(2, b"\x00\xff"))))
    assert secret["data"] == {"k": "AP8="}


def test_a_field_without_a_table_is_refused_rather_than_lost() -> None:
    with pytest.raises(ApiError, match="field 99 is not in this server's tables: send the object as application/json"):
        decode(body("v1", "ConfigMap", b"\x9a\x06\x01x"))


def test_an_unset_field_without_a_table_is_nothing() -> None:
    assert decode(body("v1", "ConfigMap", b"\x9a\x06\x00")) == {"apiVersion": "v1", "kind": "ConfigMap"}


@pytest.mark.parametrize("content", [b"", b"{}", b"k8s\x00\xff", b"k8s\x00\x0a\x05ab", body("v1", "Node", b"")])
def test_what_is_no_object_is_refused(content: bytes) -> None:
    with pytest.raises(ApiError) as refusal:
        decode(content)
    assert refusal.value.code == 400


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(ApiError):
        assert decode(body("v1", "Secret", content))["kind"] == "Secret"


def test_every_message_named_has_a_table() -> None:
    scalars = {"string", "int", "bool", "bytes", "raw", "Time", "MicroTime", "FieldsV1", "IntOrString", "Quantity"}
    named = {field.type for table in (*KINDS.values(), *MESSAGES.values()) for field in table.values()}
    assert named - scalars <= set(MESSAGES)
