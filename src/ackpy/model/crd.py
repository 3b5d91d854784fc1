"""A compiled kind to its CustomResourceDefinition, byte for byte the same each time. `ackpy crds` and the embedded cluster call it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import yaml

from ackpy.model.definition import Column
from ackpy.model.descriptor import Descriptor
from ackpy.model.docs import plain
from ackpy.model.schema import Schema, schema

_TEXT: Final = {"type": "string"}
_METADATA: Final[Mapping[str, str]] = {
    "arn": "The ARN of the AWS resource, once it is made or adopted.",
    "ownerAccountID": "The AWS account that owns the resource.",
    "partition": "The AWS partition of the resource.",
    "region": "The AWS region of the resource.",
}
_CONDITION: Final[Mapping[str, tuple[str, str]]] = {
    "lastTransitionTime": ("When the status last changed.", "date-time"),
    "message": ("What happened, and what to do.", ""),
    "reason": ("The cause in one word.", ""),
    "status": ("True, False or Unknown.", ""),
    "type": ("The name of the condition.", ""),
}
_KINDS: Final[Mapping[str, str]] = {
    "apiVersion": "The versioned schema of this object, as group/version.",
    "kind": "The REST resource this object represents, in CamelCase.",
}


def custom_resource_definition(descriptor: Descriptor, *, descriptions: bool = True) -> dict[str, Any]:
    """The CRD of a kind as a plain dict, keys in ACK's order; without `descriptions` the schema alone."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{descriptor.plural}.{descriptor.group}"},
        "spec": {
            "group": descriptor.group,
            "names": _names(descriptor),
            "scope": "Namespaced",
            "versions": [_version(descriptor, descriptions=descriptions)],
        },
    }


def to_yaml(definition: Mapping[str, Any]) -> str:
    """A CRD as YAML text, block style, keys in the order of the dict; no document marker."""
    return yaml.dump(definition, Dumper=_Dumper, sort_keys=False, width=100, allow_unicode=True)


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as literal blocks and repeats shared parts instead of pointing at them."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  the base class's signature
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)


def _names(descriptor: Descriptor) -> dict[str, Any]:
    names: dict[str, Any] = {"kind": descriptor.kind, "listKind": f"{descriptor.kind}List", "plural": descriptor.plural}
    short = list(descriptor.definition.short_names)
    return {**names, **({"shortNames": short} if short else {}), "singular": descriptor.singular}


def _version(descriptor: Descriptor, *, descriptions: bool) -> dict[str, Any]:
    columns = [_column(each) for each in descriptor.columns]
    return {
        **({"additionalPrinterColumns": columns} if columns else {}),
        "name": descriptor.version,
        "schema": {"openAPIV3Schema": _root(descriptor, descriptions=descriptions)},
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
    }


def _column(column: Column) -> dict[str, Any]:
    priority = {"priority": column.priority} if column.priority else {}
    return {"jsonPath": column.path, "name": column.name, **priority, "type": column.type}


def _root(descriptor: Descriptor, *, descriptions: bool) -> Schema:
    spec = schema(descriptor.spec, descriptions=descriptions)
    status = schema(descriptor.status, descriptions=descriptions)
    status["properties"] = dict(sorted({**status["properties"], **_fixed_status(descriptions=descriptions)}.items()))
    if descriptions:
        text = plain(descriptor.documentation)
        spec = {"description": f"The desired {descriptor.kind}.{f'{chr(10)}{chr(10)}{text}' if text else ''}", **spec}
        status = {"description": f"What AWS was last seen to hold of the {descriptor.kind}.", **status}
    about = f"{descriptor.kind} of AWS's {descriptor.service}."
    return object_schema(about, spec, status, descriptions=descriptions)


def object_schema(about: str, spec: Schema, status: Schema, *, descriptions: bool = True) -> Schema:
    """The schema of a whole object around those of its spec and status, for any kind."""
    root = {name: _scalar(text, descriptions=descriptions) for name, text in _KINDS.items()}
    return {
        **({"description": about} if descriptions else {}),
        "properties": {**root, "metadata": {"type": "object"}, "spec": spec, "status": status},
        "type": "object",
    }


def conditions_schema(*, descriptions: bool = True) -> Schema:
    """The schema of `status.conditions`, for any kind."""
    condition = {
        "properties": {name: _scalar(*each, descriptions=descriptions) for name, each in _CONDITION.items()},
        "required": ["status", "type"],
        "type": "object",
    }
    return {"items": condition, "type": "array"}


def _fixed_status(*, descriptions: bool) -> Schema:
    """What every kind's status has: where the resource lives, and conditions."""
    metadata = {
        "properties": {name: _scalar(text, descriptions=descriptions) for name, text in _METADATA.items()},
        "required": ["ownerAccountID", "region"],
        "type": "object",
    }
    return {"ackResourceMetadata": metadata, "conditions": conditions_schema(descriptions=descriptions)}


def _scalar(text: str, form: str = "", *, descriptions: bool) -> Schema:
    return {**({"description": text} if descriptions else {}), **({"format": form} if form else {}), **_TEXT}
