"""A protobuf body of the built-in kinds -> the JSON object that it stands for; called by `intake`.

Typed Go clients (kubectl create, Helm, controller-runtime) write protobuf and take JSON back. The envelope is four magic bytes and a
runtime.Unknown. Messages are the tables of `protobuf_messages`.
"""

from __future__ import annotations

import base64
import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from ackpy.local.apiserver.protobuf_messages import KINDS, MESSAGES, UNKNOWN, Field, Message
from ackpy.local.apiserver.status import bad_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Json = dict[str, Any]

MAGIC = b"k8s\x00"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def decode(body: bytes) -> Json:
    """The object of a body; raises 400 for bytes that are no object, or of a kind without a table."""
    if not body.startswith(MAGIC):
        raise bad_request("the body is not Kubernetes protobuf: it does not begin with 6b 38 73 00")
    try:
        envelope = _message(body[len(MAGIC) :], UNKNOWN)
        kind = envelope["typeMeta"].get("kind", "")
        version = envelope["typeMeta"].get("apiVersion", "")
        message = KINDS.get((version, kind)) or KINDS.get(("", kind))
        if message is None:
            raise bad_request(
                f"this server reads {version}, Kind={kind} as JSON only: send Content-Type application/json"
            )
        return {"apiVersion": version, "kind": kind, **_message(envelope.get("raw", b""), message)}
    except (IndexError, KeyError, ValueError, struct.error) as error:
        raise bad_request(f"the body is not Kubernetes protobuf: {error}") from error


def _message(data: bytes, message: Message) -> Json:
    result: Json = {}
    for number, value in _fields(data):
        field = message.get(number)
        if field is not None:
            _put(result, field, value)
        elif not _is_blank(value):
            raise ValueError(f"field {number} is not in this server's tables: send the object as application/json")
    return result


def _is_blank(value: int | bytes) -> bool:
    """Whether a value is what Go writes for a field that nobody set: zero, nothing, or a message of such fields."""
    if not isinstance(value, bytes):
        return value == 0
    try:
        return all(_is_blank(inner) for _, inner in _fields(value))
    except (IndexError, ValueError):
        return False


def _put(result: Json, field: Field, value: int | bytes) -> None:
    if field.is_map:
        key, item = _map_entry(value if isinstance(value, bytes) else b"", field)
        result.setdefault(field.name, {})[key] = item
        return
    found = _value(value, field)
    if field.is_repeated:
        result.setdefault(field.name, []).append(found)
    elif field.keeps_zero or found not in ("", 0, {}, None, False):
        result[field.name] = found


def _value(value: int | bytes, field: Field) -> Any:
    scalar = _SCALARS.get(field.type)
    if scalar is not None:
        return scalar(value)
    if not isinstance(value, bytes):
        raise ValueError(f"field {field.name} is no message")  # noqa: TRY004 - caught as a malformed body
    return _message(value, MESSAGES[field.type])


def _map_entry(data: bytes, field: Field) -> tuple[str, Any]:
    entry = dict(_fields(data))
    key, value = entry.get(1, b""), entry.get(2, b"")
    return str(_string(key)), _value(value, field)


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The field numbers and raw values of one message."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        wire = tag & 7
        if wire == VARINT:
            value, position = _varint(data, position)
            yield tag >> 3, value
            continue
        size = {FIXED64: 8, FIXED32: 4}.get(wire)
        if wire == BYTES:
            size, position = _varint(data, position)
        if size is None or position + size > len(data):
            raise ValueError("the message is cut off or malformed")
        yield tag >> 3, data[position : position + size]
        position += size


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position += 1
        if byte < 0x80:
            return value, position
        shift += 7
        if shift > 63:
            raise ValueError("a number of more than 64 bits")


def _string(value: int | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _integer(value: int | bytes) -> int:
    if isinstance(value, bytes):
        raise ValueError("bytes where a number belongs")  # noqa: TRY004 - caught as a malformed body
    return value - (1 << 64) if value >= 1 << 63 else value


def _base64(value: int | bytes) -> str:
    return base64.b64encode(value if isinstance(value, bytes) else b"").decode()


def _raw(value: int | bytes) -> bytes:
    return value if isinstance(value, bytes) else b""


def _moment(value: int | bytes) -> datetime | None:
    parts = dict(_fields(value)) if isinstance(value, bytes) else {}
    seconds, nanos = _integer(parts.get(1, 0)), _integer(parts.get(2, 0))
    return EPOCH + timedelta(seconds=seconds, microseconds=nanos // 1000) if parts else None


def _time(value: int | bytes) -> str | None:
    moment = _moment(value)
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _micro_time(value: int | bytes) -> str | None:
    moment = _moment(value)
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _fields_v1(value: int | bytes) -> Any:
    raw = dict(_fields(value)).get(1, b"{}") if isinstance(value, bytes) else b"{}"
    return orjson.loads(raw) if isinstance(raw, bytes) else {}


def _int_or_string(value: int | bytes) -> Any:
    parts = dict(_fields(value)) if isinstance(value, bytes) else {}
    return _string(parts.get(3, b"")) if parts.get(1) else _integer(parts.get(2, 0))


def _quantity(value: int | bytes) -> str:
    parts = dict(_fields(value)) if isinstance(value, bytes) else {}
    return _string(parts.get(1, b""))


_SCALARS: dict[str, Callable[[int | bytes], Any]] = {
    "string": _string,
    "int": _integer,
    "bool": bool,
    "bytes": _base64,
    "raw": _raw,
    "Time": _time,
    "MicroTime": _micro_time,
    "FieldsV1": _fields_v1,
    "IntOrString": _int_or_string,
    "Quantity": _quantity,
}
