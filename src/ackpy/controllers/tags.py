"""The tags of the controller's own: templates from --resource-tags, expanded for an object, laid under the user's tags.

Pure. They are put into the desired spec in memory before it is compared and sent, and never written to the object. Tags that AWS
makes (`aws:`) are carried over from the observation, so that nothing takes them for a difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ackpy.errors import ConfigError
from ackpy.kube import objects
from ackpy.kube.objects import Object
from ackpy.model import fieldpath
from ackpy.model.descriptor import Descriptor, TagShape

SYSTEM_PREFIX: Final = "aws:"
_VERSION: Final = "%CONTROLLER_VERSION%"


@dataclass(frozen=True, slots=True)
class TagTemplate:
    """A tag whose value may hold placeholders such as %K8S_NAMESPACE%."""

    key: str
    value: str


def parse_templates(entries: Iterable[str]) -> tuple[TagTemplate, ...]:
    """The templates that --resource-tags gives, `key=value` each. ConfigError for an entry without exactly one `=`, or without a key."""
    return tuple(_parse(entry) for entry in entries if entry.strip())


def _parse(entry: str) -> TagTemplate:
    key, *values = entry.split("=")
    if len(values) != 1 or not key.strip():
        raise ConfigError(f'--resource-tags: "{entry}" must be key=value, with exactly one "="')
    return TagTemplate(key.strip(), values[0].strip())


def expand(templates: Sequence[TagTemplate], descriptor: Descriptor, obj: Object, version: str) -> dict[str, str]:
    """The controller's tags of an object; a tag whose value comes out empty is left out."""
    labels = objects.labels_of(obj)
    key = objects.key_of(obj)
    values = {
        "%CONTROLLER_SERVICE%": descriptor.service,
        _VERSION: version or "unknown",
        "%K8S_NAMESPACE%": key.namespace,
        "%K8S_RESOURCE_NAME%": key.name,
        "%K8S_RESOURCE_KIND%": descriptor.kind,
        "%MANAGED_BY%": labels.get("app.kubernetes.io/managed-by", ""),
        "%KRO_VERSION%": labels.get("kro.run/kro-version", ""),
    }
    filled = {template.key: _fill(template.value, values) for template in templates}
    return {name: value for name, value in filled.items() if value}


def _fill(text: str, values: Mapping[str, str]) -> str:
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text


def with_defaults(shape: TagShape | None, spec: Mapping[str, Any], defaults: Mapping[str, str]) -> Mapping[str, Any]:
    """The spec with the controller's tags after the user's, whose value wins where the key is the same."""
    if shape is None or not defaults:
        return spec
    held = read(shape, spec)
    return _write(shape, spec, held | {key: value for key, value in defaults.items() if key not in held})


def with_observed(
    shape: TagShape | None, spec: Mapping[str, Any], latest: Mapping[str, Any], *, ours: bool
) -> Mapping[str, Any]:
    """The desired spec with those tags of the observation that are none of our business.

    That is AWS's own, and, where the user's tags are not ours to decide (never set), all that somebody else put there.
    """
    if shape is None:
        return spec
    held = read(shape, spec)
    kept = {
        key: value
        for key, value in read(shape, latest).items()
        if key not in held and (key.startswith(SYSTEM_PREFIX) or not ours)
    }
    return _write(shape, spec, held | kept) if kept and (held or ours) else spec


def versioned(templates: Sequence[TagTemplate]) -> frozenset[str]:
    """The keys of the tags that tell the controller's version."""
    return frozenset(template.key for template in templates if _VERSION in template.value)


def with_older_version(
    shape: TagShape | None, spec: Mapping[str, Any], latest: Mapping[str, Any], keys: Iterable[str]
) -> Mapping[str, Any]:
    """The desired spec with AWS's values of `keys`, where no other tag differs: another version is no reason to write to all of AWS."""
    if shape is None:
        return spec
    held, seen = read(shape, spec), read(shape, latest)
    older = {**held, **{key: seen[key] for key in keys if held.get(key) and seen.get(key)}}
    return _write(shape, spec, older) if older != held and older == seen else spec


def without(shape: TagShape | None, spec: Mapping[str, Any], keys: Iterable[str]) -> Mapping[str, Any]:
    """The spec without AWS's tags and those with one of `keys`: what of an observation may be written to the object."""
    if shape is None:
        return spec
    hidden = set(keys)
    held = read(shape, spec)
    shown = {key: value for key, value in held.items() if not key.startswith(SYSTEM_PREFIX) and key not in hidden}
    return spec if shown == held else _write(shape, spec, shown)


def read(shape: TagShape, spec: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a spec as a plain map."""
    held = fieldpath.get(spec, shape.path)
    if isinstance(held, Mapping):
        return dict(held)
    return {tag[shape.key]: tag.get(shape.value) or "" for tag in held or () if tag.get(shape.key) is not None}


def _write(shape: TagShape, spec: Mapping[str, Any], tags: Mapping[str, str]) -> Mapping[str, Any]:
    value: Any = dict(tags)
    if shape.form == "list":
        value = [{shape.key: key, shape.value: text} for key, text in tags.items()]
    changed: Mapping[str, Any] = fieldpath.assign(spec, shape.path, value)
    return changed
