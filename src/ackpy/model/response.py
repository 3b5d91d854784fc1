"""AWS's answers become the CRD's form. Pure: the reconciler's observation hands each answer in and gets spec and status values.

Only members that the CRD knows are taken; timestamps are RFC 3339 in UTC to the second ("2026-11-24T19:37:18Z"), blobs base64. A
member that is missing in an answer which could carry it is missing in the result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ackpy.model import fieldpath
from ackpy.model.call import View
from ackpy.model.compare import exact
from ackpy.model.convert import from_aws, pick
from ackpy.model.descriptor import Aspect, AspectKind, Descriptor, Json, Node, Operation, Role, Type
from ackpy.model.relocate import relocated


@dataclass(frozen=True, slots=True)
class Observed:
    """What one answer says of the object: top-level spec and status fields, its ARN and owner; not `found`: nothing matched.

    `carried` are the top-level CRD paths that this answer could have held: a path outside is not known from it.
    """

    spec: Mapping[str, Json] = field(default_factory=dict)
    status: Mapping[str, Json] = field(default_factory=dict)
    arn: str = ""
    account: str = ""
    found: bool = True
    carried: frozenset[str] = frozenset()

    @property
    def metadata(self) -> dict[str, str]:
        """What of ackResourceMetadata the answer says: `arn`, `ownerAccountID`."""
        return {name: text for name, text in (("arn", self.arn), ("ownerAccountID", self.account)) if text}


def core(descriptor: Descriptor, operation: Operation, answer: Mapping[str, Any], view: View | None = None) -> Observed:
    """What the answer of a core operation (read, create or update) says of the object.

    A list is searched for the element that agrees with the identifiers of `view` (`operation.match`); without a match it is the first.
    """
    if descriptor.definition.read_by and operation.role is Role.READ:
        return Observed(carried=operation.observes)
    found = pick(answer, operation.at if operation.role is Role.READ else operation.out)
    if isinstance(found, list):
        found = next((each for each in found if view is None or _matches(descriptor, operation, each, view)), None)
    if found is None:
        return Observed(found=operation.role is not Role.READ)
    return _observed(descriptor, operation, found)


def _matches(descriptor: Descriptor, operation: Operation, item: Mapping[str, Any], view: View) -> bool:
    """Whether an item's members equal the object's identifiers; one that the object does not have is not asked."""
    for member, path in operation.match.items():
        side, node = (view.spec, descriptor.spec) if _in_spec(descriptor, path) else (view.status, descriptor.status)
        wanted = fieldpath.get(side, path)
        if wanted is not None and not exact(wanted, from_aws(node.at(path), item.get(member), path, descriptor.rules)):
            return False
    return True


def _in_spec(descriptor: Descriptor, path: str) -> bool:
    return fieldpath.of(path).top in descriptor.spec.members


def _observed(descriptor: Descriptor, operation: Operation, found: Mapping[str, Any]) -> Observed:
    hidden = {descriptor.arn_member, descriptor.owner_member} - {""}
    plain = {name: each for name, each in found.items() if name not in hidden}
    sides = {name: _side(descriptor, node, operation, plain, found) for name, node in _sides(descriptor).items()}
    spec, status = sides["spec"], sides["status"]
    status = {name: each for name, each in status.items() if name not in descriptor.spec.members}
    return Observed(
        spec=descriptor.hooks.observe("", found, spec),
        status=status,
        arn=found.get(descriptor.arn_member) or "",
        account=str(found.get(descriptor.owner_member) or ""),
        carried=operation.observes or frozenset((*spec, *status)),
    )


def _sides(descriptor: Descriptor) -> dict[str, Node]:
    return {"spec": descriptor.spec, "status": descriptor.status}


def _side(
    descriptor: Descriptor, node: Node, operation: Operation, plain: Mapping[str, Any], found: Mapping[str, Any]
) -> dict[str, Json]:
    is_spec = node is descriptor.spec
    reads = {path: each for path, each in operation.reads.items() if _in_spec(descriptor, path) is is_spec}
    known = {name: each for name, each in node.members.items() if not operation.observes or name in operation.observes}
    found_there = from_aws(replace(node, members=known), plain, "", descriptor.rules)
    side: dict[str, Json] = relocated(node, found_there, reads, found, descriptor.rules)
    return side


def value(descriptor: Descriptor, aspect: Aspect, answer: Mapping[str, Any]) -> Json | None:
    """The value at `aspect.path` that an answer of its `get` holds; None: not set. Where the aspect has several paths: of the first."""
    return fieldpath.get(observed(descriptor, aspect, answer), _path(aspect))


def observed(descriptor: Descriptor, aspect: Aspect, answer: Mapping[str, Any]) -> dict[str, Json]:
    """All that an answer of `aspect.get` says, as a fragment of spec: {"tagging": {"tagSet": [...]}}, to be merged at top level.

    Of read-only facets and attributes it may hold status fields too.
    """
    if aspect.kind is AspectKind.ATTRIBUTES:
        return _attributes(descriptor, aspect, answer)
    found = _value(descriptor, aspect, answer)
    if len(aspect.paths) < 2:
        return _fragment({_path(aspect): descriptor.hooks.observe(aspect.name, answer, found)})
    several: Mapping[str, Json] = descriptor.hooks.observe(aspect.name, answer, {_path(aspect): found})
    return _fragment(several)


def _path(aspect: Aspect) -> str:
    """The path of the aspect's value on its side; a read-only facet owns no spec path, and its value stands in the status."""
    return aspect.path if aspect.paths else aspect.path.removeprefix("status.")


def _fragment(values: Mapping[str, Json]) -> dict[str, Json]:
    fragment: dict[str, Json] = {}
    for path, each in values.items():
        if each is not None:
            fragment = fieldpath.assign(fragment, path, each)
    return fragment


def _value(descriptor: Descriptor, aspect: Aspect, answer: Mapping[str, Any]) -> Json | None:
    operation = aspect.get
    if operation is None:
        raise ValueError(f"aspect {aspect.name!r} has no read")
    found = pick(answer, operation.at)
    if aspect.kind is AspectKind.TAGS:
        return _tags(descriptor, found)
    return None if found is None else _decoded(descriptor, aspect, operation, found)


def _decoded(descriptor: Descriptor, aspect: Aspect, operation: Operation, found: Any, below: str = "") -> Json:
    side = descriptor.spec if aspect.paths else descriptor.status
    at = f"{_path(aspect)}{below}"
    node = operation.node or (aspect.node if aspect.node and not below else side.at(at))
    return relocated(node, from_aws(node, found, at, descriptor.rules), operation.reads, found, descriptor.rules, at)


def _tags(descriptor: Descriptor, found: Any) -> Json | None:
    """Tags in the CRD's form, whichever of its two forms AWS answers."""
    shape = descriptor.tags
    if found is None or shape is None:
        return None
    pairs = found if isinstance(found, Mapping) else dict(_pairs(descriptor, found))
    return dict(pairs) if shape.form == "map" else [{shape.key: key, shape.value: text} for key, text in pairs.items()]


def _pairs(descriptor: Descriptor, found: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Key and value of each tag of a list, by the names of the definition or of the CRD's own members."""
    shape, words = descriptor.tags, descriptor.definition.tags
    names = [(words.key, words.value)] if words else []
    if shape is not None and shape.form == "list":
        members = descriptor.spec.at(f"{shape.path}..").members
        names.append((members[shape.key].aws, members[shape.value].aws))
    names.append(("Key", "Value"))
    for tag in found:
        key, text = next(each for each in names if each[0] in tag)
        yield tag[key], tag.get(text) or ""


def _attributes(descriptor: Descriptor, aspect: Aspect, answer: Mapping[str, Any]) -> dict[str, Json]:
    operation = aspect.get
    if operation is None:
        raise ValueError(f"aspect {aspect.name!r} has no read")
    texts = pick(answer, operation.at) or {}
    fragment: dict[str, Json] = {}
    for key, path in operation.fields.items():
        if key in texts:
            side = descriptor.spec if _in_spec(descriptor, path) else descriptor.status
            fragment = fieldpath.assign(fragment, path, _attribute(side.at(path), texts[key]))
    return fragment


def _attribute(node: Node, text: str) -> Json:
    """The typed value of an attribute's text; a text that is none of its type is kept as it is."""
    if node.type is Type.BOOLEAN and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if node.type is Type.INTEGER and text.removeprefix("-").isdecimal():
        return int(text)
    return text


def keys(descriptor: Descriptor, aspect: Aspect, answer: Mapping[str, Any]) -> tuple[Json, ...]:
    """The keys of the members that a list answer names, where each is then read by `request.one`."""
    found = pick(answer, aspect.get.at) if aspect.get is not None else None
    key = descriptor.spec.at(f"{aspect.path}..").members.get(aspect.key)
    return tuple(
        each.get(key.aws if key else aspect.key) if isinstance(each, Mapping) else each for each in found or ()
    )


def element(descriptor: Descriptor, aspect: Aspect, answer: Mapping[str, Any]) -> Json:
    """One member, from the answer of `aspect.one`."""
    if aspect.one is None:
        raise ValueError(f"aspect {aspect.name!r} has no read of one member")
    return _decoded(descriptor, aspect, aspect.one, pick(answer, aspect.one.at), "..")


def collect(descriptor: Descriptor, aspect: Aspect, elements: Mapping[str, Json]) -> dict[str, Json]:
    """The fragment of spec that the members read one by one make, `elements` being key -> element."""
    node = descriptor.spec.at(aspect.path)
    found: Json = dict(elements) if node.type is Type.MAP else list(elements.values())
    return _fragment({aspect.path: descriptor.hooks.observe(aspect.name, elements, found)})


def is_code(error_codes: frozenset[str], detail: str, texts: Sequence[str]) -> bool:
    """Whether an error is one of `texts`: "CODE", or "CODE: start of the message". `error_codes` are all names the error goes by."""
    for text in texts:
        code, _, start = text.partition(":")
        if code.strip() in error_codes and detail.startswith(start.strip()):
            return True
    return False
