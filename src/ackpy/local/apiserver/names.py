"""Names, labels, annotations, finalizers and owners -> field errors; called by `strategy`.

Rules and texts: k8s.io/apimachinery/pkg/api/validation and util/validation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ackpy.local.apiserver.status import FieldError, forbidden_field, invalid_value

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]

LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
SUBDOMAIN = rf"{LABEL}(\.{LABEL})*"
QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
LABEL_VALUE = rf"({QUALIFIED})?"
CONFIG_KEY = r"[-._a-zA-Z0-9]+"
ANNOTATIONS_LIMIT = 256 * 1024

LABEL_TEXT = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an "
    f"alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{LABEL}')"
)
SUBDOMAIN_TEXT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end "
    f"with an alphanumeric character (e.g. 'example.com', regex used for validation is '{SUBDOMAIN}')"
)
QUALIFIED_TEXT = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    f"character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{QUALIFIED}')"
)
LABEL_VALUE_TEXT = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    f"with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '{LABEL_VALUE}')"
)
CONFIG_KEY_TEXT = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    f"'key-name', regex used for validation is '{CONFIG_KEY}')"
)


def metadata_errors(metadata: Json) -> list[FieldError]:
    """What is wrong with labels, annotations, finalizers and owners; the name is checked by the kind's rule."""
    return [
        *_label_errors(metadata.get("labels") or {}),
        *_annotation_errors(metadata.get("annotations") or {}),
        *(e for name in metadata.get("finalizers") or () for e in qualified_errors("metadata.finalizers", name)),
        *_owner_errors(metadata.get("ownerReferences") or ()),
    ]


def subdomain_errors(field: str, name: str) -> Iterator[FieldError]:
    """The rule of most names: an RFC 1123 subdomain of at most 253 characters."""
    if len(name) > 253:
        yield invalid_value(field, name, "must be no more than 253 characters")
    if not re.fullmatch(SUBDOMAIN, name):
        yield invalid_value(field, name, SUBDOMAIN_TEXT)


def label_errors(field: str, name: str) -> Iterator[FieldError]:
    """The rule of namespaces: an RFC 1123 label of at most 63 characters."""
    if "." in name:
        yield invalid_value(field, name, "must not contain dots")
        return
    if len(name) > 63:
        yield invalid_value(field, name, "must be no more than 63 bytes")
    if not re.fullmatch(LABEL, name):
        yield invalid_value(field, name, LABEL_TEXT)


def path_segment_errors(field: str, name: str) -> Iterator[FieldError]:
    """The rule of RBAC names: anything that can stand in a path."""
    if name in (".", ".."):
        yield invalid_value(field, name, f"may not be '{name}'")
    for character in "/%":
        if character in name:
            yield invalid_value(field, name, f"may not contain '{character}'")


def qualified_errors(field: str, name: str) -> Iterator[FieldError]:
    """The rule of label keys, annotation keys and finalizers: an optional DNS prefix and a name."""
    prefix, slash, local = name.rpartition("/")
    if slash and not re.fullmatch(SUBDOMAIN, prefix):
        yield invalid_value(field, name, f"prefix part {SUBDOMAIN_TEXT}")
    if len(local) > 63:
        yield invalid_value(field, name, "name part must be no more than 63 bytes")
    if not re.fullmatch(QUALIFIED, local):
        yield invalid_value(field, name, QUALIFIED_TEXT)


def config_key_errors(field: str, data: Json) -> Iterator[FieldError]:
    """The rule of the keys of a ConfigMap or Secret."""
    for key in data:
        if not re.fullmatch(CONFIG_KEY, key):
            yield invalid_value(f"{field}[{key}]", key, CONFIG_KEY_TEXT)


def _label_errors(labels: dict[str, str]) -> Iterator[FieldError]:
    for key, value in labels.items():
        yield from qualified_errors("metadata.labels", key)
        if len(value) > 63:
            yield invalid_value("metadata.labels", value, "must be no more than 63 bytes")
        if not re.fullmatch(LABEL_VALUE, value):
            yield invalid_value("metadata.labels", value, LABEL_VALUE_TEXT)


def _annotation_errors(annotations: dict[str, str]) -> Iterator[FieldError]:
    for key in annotations:
        yield from qualified_errors("metadata.annotations", key.lower())
    if sum(len(key) + len(value) for key, value in annotations.items()) > ANNOTATIONS_LIMIT:
        text = f"Too long: may not be more than {ANNOTATIONS_LIMIT} bytes"
        yield FieldError("metadata.annotations", "FieldValueTooLong", text)


def _owner_errors(owners: Any) -> Iterator[FieldError]:
    for owner in owners:
        for name in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(name):
                yield invalid_value(f"metadata.ownerReferences.{name}", owner.get(name, ""), "must not be empty")
    if sum(bool(owner.get("controller")) for owner in owners) > 1:
        text = "Only one reference can have Controller set to true"
        yield forbidden_field("metadata.ownerReferences", text)
