"""What went wrong -> a Kubernetes Status object; raised by every module of the server, answered by `app`.

The texts are those of kube-apiserver (k8s.io/apimachinery/pkg/api/errors and validation/field), since clients match on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Json = dict[str, Any]


class ApiError(Exception):
    """A refusal: HTTP `code`, CamelCase `reason` (may be empty), `message`, and the Status's `details`."""

    def __init__(self, code: int, reason: str, message: str, details: Json | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details

    def status(self) -> Json:
        """The Status object that a client is sent."""
        body: Json = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            body["reason"] = self.reason
        if self.details is not None:
            body["details"] = self.details
        return {**body, "code": self.code}


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field: `reason` as in a Status cause, `detail` the text after the path."""

    field: str
    reason: str
    detail: str

    def cause(self) -> Json:
        """The entry of `details.causes`."""
        return {"reason": self.reason, "message": self.detail, "field": self.field}


# The kinds of error after which kube-apiserver does not evaluate CEL rules (apiextensions-apiserver, hasBlockingErr).
BLOCKING = frozenset(
    {"FieldValueRequired", "FieldValueTooLong", "FieldValueTooMany", "FieldValueTypeInvalid", "FieldValueNotSupported"}
)
RULES_NOT_CHECKED = FieldError(
    "<nil>",
    "FieldValueInvalid",
    "Invalid value: null: some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation",
)


def shown(value: object) -> str:
    """A value as the server's errors print it."""
    return orjson.dumps(value).decode()


def invalid_value(field: str, value: object, detail: str) -> FieldError:
    """`Invalid value: VALUE: DETAIL`."""
    return FieldError(field, "FieldValueInvalid", f"Invalid value: {shown(value)}: {detail}")


def invalid_object(field: str, detail: str) -> FieldError:
    """`Invalid value: DETAIL`: rules about objects and lists do not repeat the value."""
    return FieldError(field, "FieldValueInvalid", f"Invalid value: {detail}")


def wrong_type(field: str, found: str, expected: str) -> FieldError:
    """The text for a value of another JSON type."""
    where = field or "<nil>"
    detail = f'Invalid value: "{found}": {where} in body must be of type {expected}: "{found}"'
    return FieldError(where, "FieldValueTypeInvalid", detail)


def required(field: str, detail: str = "") -> FieldError:
    """A field that must be there is not."""
    return FieldError(field, "FieldValueRequired", "Required value" + (f": {detail}" if detail else ""))


def not_supported(field: str, value: object, supported: Iterable[object]) -> FieldError:
    """A value outside an enumeration."""
    options = ", ".join(f'"{option}"' if isinstance(option, str) else f'"{shown(option)}"' for option in supported)
    return FieldError(
        field, "FieldValueNotSupported", f"Unsupported value: {shown(value)}: supported values: {options}"
    )


def duplicate(field: str, value: object) -> FieldError:
    """A value or key that occurs twice in a set or map list."""
    return FieldError(field, "FieldValueDuplicate", f"Duplicate value: {shown(value)}")


def too_long(field: str, maximum: int) -> FieldError:
    """A string past its limit."""
    return FieldError(field, "FieldValueTooLong", f"Too long: may not be more than {maximum} bytes")


def too_many(field: str, found: int, maximum: int) -> FieldError:
    """A list or map past its limit."""
    return FieldError(field, "FieldValueTooMany", f"Too many: {found}: must have at most {maximum} items")


def forbidden_field(field: str, detail: str) -> FieldError:
    """A field that may not be set here."""
    return FieldError(field, "FieldValueForbidden", f"Forbidden: {detail}")


def invalid(group: str, kind: str, name: str, errors: Sequence[FieldError]) -> ApiError:
    """422: the object does not fit its schema or a rule."""
    qualified = f"{kind}.{group}" if group else kind
    texts = [f"{error.field}: {error.detail}" for error in errors]
    listed = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    details = _details(name, group, kind) | {"causes": [error.cause() for error in errors]}
    return ApiError(422, "Invalid", f'{qualified} "{name}" is invalid: {listed}', details)


def not_found(group: str, plural: str, name: str) -> ApiError:
    """404: no object of this name."""
    return ApiError(404, "NotFound", f'{_resource(group, plural)} "{name}" not found', _details(name, group, plural))


def no_such_resource() -> ApiError:
    """404: the path names no resource."""
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def already_exists(group: str, plural: str, name: str, *, deleting: bool = False) -> ApiError:
    """409 AlreadyExists."""
    prefix = "object is being deleted: " if deleting else ""
    message = f'{prefix}{_resource(group, plural)} "{name}" already exists'
    return ApiError(409, "AlreadyExists", message, _details(name, group, plural))


MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


def conflict(group: str, plural: str, name: str, why: str = MODIFIED) -> ApiError:
    """409 Conflict: somebody wrote in between, or a precondition does not hold."""
    message = f'Operation cannot be fulfilled on {_resource(group, plural)} "{name}": {why}'
    return ApiError(409, "Conflict", message, _details(name, group, plural))


def bad_request(message: str) -> ApiError:
    """400."""
    return ApiError(400, "BadRequest", message)


def unreadable(kind: str, version: str, why: str) -> ApiError:
    """400: the body is JSON but no object of this kind."""
    return bad_request(f'{kind} in version "{version}" cannot be handled as a {kind}: {why}')


def forbidden(message: str, details: Json | None = None) -> ApiError:
    """403."""
    return ApiError(403, "Forbidden", message, details)


def unauthorized() -> ApiError:
    """401: no token or a wrong one."""
    return ApiError(401, "Unauthorized", "Unauthorized")


def method_not_allowed() -> ApiError:
    """405."""
    message = "the server does not allow this method on the requested resource"
    return ApiError(405, "MethodNotAllowed", message, {})


def unsupported_media_type(accepted: Iterable[str]) -> ApiError:
    """415: a body of a type that this request does not take."""
    listed = ", ".join(accepted)
    message = f"the body of the request was in an unknown format - accepted media types include: {listed}"
    return ApiError(415, "UnsupportedMediaType", message)


def not_acceptable() -> ApiError:
    """406: the client wants an answer in a form that is not spoken here."""
    return ApiError(406, "NotAcceptable", "only the following media types are accepted: application/json")


def body_too_large(limit: int) -> ApiError:
    """413: more bytes than a request or an object may have."""
    return ApiError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {limit}", {})


def expired(message: str) -> ApiError:
    """410: the history asked for is no longer kept."""
    return ApiError(410, "Expired", message)


def future_version(wanted: int, current: int) -> ApiError:
    """504: the client has seen a resource version that this server has not reached."""
    details = {
        "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
        "retryAfterSeconds": 1,
    }
    message = f"Timeout: Too large resource version: {wanted}, current: {current}"
    return ApiError(504, "Timeout", message, details)


def success(group: str, plural: str, name: str, uid: str) -> Json:
    """The Status of a deletion that is done."""
    details = _details(name, group, plural) | {"uid": uid}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def _resource(group: str, plural: str) -> str:
    return f"{plural}.{group}" if group else plural


def _details(name: str, group: str, kind: str) -> Json:
    named = {"name": name} if name else {}
    grouped = {"group": group} if group else {}
    return {**named, **grouped, "kind": kind}
