"""References to other objects: a spec and what is cached of the cluster -> the values that the references stand for.

The pass asks `resolve`, the watches ask `named`. No request is made: what is not cached yet is not known, and the pass waits. Texts are
ACK's (runtime contract, sections 3.7 and 14); what ACK does not say stands in the advice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from ackpy.controllers import conditions
from ackpy.controllers.blocked import Blocked, Code
from ackpy.controllers.resolution import Resolution
from ackpy.controllers.world import Cluster, Hindrance
from ackpy.kube.objects import (
    Object,
    ObjectKey,
    condition_of,
    key_of,
)
from ackpy.kube.resource import Resource
from ackpy.model import fieldpath, naming
from ackpy.model.definition import Ref
from ackpy.model.descriptor import Descriptor, Edge
from ackpy.model.fieldpath import FieldPath
from ackpy.runtime.lookup import Absence

Node: TypeAlias = tuple[Resource, ObjectKey]
"""An object, as a node of the graph of references."""
VERSION: Final = "v1alpha1"
RETRY_SECONDS: Final = 60.0
"""How often to look again at what a watch should tell: a look costs no request."""
_HINTS: Final[Mapping[Hindrance | None, str]] = {
    Hindrance.NOT_INSTALLED: "the API server does not know {resource}: install its CRD and enable the service {service}",
    Hindrance.FORBIDDEN: "the controller may not list and watch {resource}: extend its role",
    Hindrance.NOT_ENABLED: "this controller does not look after {resource}: enable the service {service}, here or elsewhere",
    None: "this object is tried again as soon as that one has it",
}


_STAY: Final = "name a resource of the same namespace, or let the controller run with --enable-cross-namespace"


@dataclass(frozen=True, slots=True)
class Named:
    """One reference that a spec holds: where, and what it names."""

    edge: Edge
    path: FieldPath
    resource: Resource
    key: ObjectKey


def target(ref: Ref) -> Resource:
    """The REST resource of what a reference may name."""
    return Resource(f"{ref.service}.services.k8s.aws", VERSION, naming.plural(ref.kind.lower()), ref.kind)


def named(edges: Sequence[Edge], obj: Object) -> Iterator[Named]:
    """Every reference of an object that names something, in path order."""
    for edge in edges:
        for place in _places(edge, obj.get("spec") or {}):
            yield from place.named(key_of(obj).namespace)


def resource_of(descriptor: Descriptor) -> Resource:
    """The REST resource of a kind's objects."""
    return Resource(descriptor.group, descriptor.version, descriptor.plural, descriptor.kind)


def resolve(
    edges: Sequence[Edge], obj: Object, resource: Resource, cluster: Cluster, *, crosses: bool, optional: bool = False
) -> Resolution:
    """What the references of an object of `resource` stand for, up to the first that fails. `crosses` lets them leave the namespace.

    `optional` leaves out those that fail, and takes a value that is there whatever state its object is in: it may be on its way out too.
    Then `refers` says that none of them would have failed. What is only not known yet is waited for all the same, for without an
    identifier a resource would be taken for missing.
    """
    places = [place for edge in edges for place in _places(edge, obj.get("spec") or {})]
    refers = any(place.reference for place in places)
    crossings = _crossings(edges, obj) if crosses else ()
    values: dict[str, Any] = {}
    misuse = next(filter(None, (place.misused() for place in places)), None)
    if misuse and not optional:
        return Resolution(refers=refers, blocked=misuse)
    asking = _Asking((resource, key_of(obj)), cluster, crosses, optional)
    for place in places:
        found = asking.value(place)
        if found is Absence.UNKNOWN:
            return Resolution(values, refers=refers, waiting=True)
        if isinstance(found, Blocked) and not optional:
            return Resolution(values, refers=refers, crossings=crossings, blocked=found)
        if found is not None and not isinstance(found, Blocked):
            values[str(place.fills)] = found
    sound = not optional or not (misuse or any(replace(asking, optional=False).fails(place) for place in places))
    return Resolution(values, refers=refers and sound, crossings=crossings)


@dataclass(frozen=True, slots=True)
class _Place:
    """One structure of a spec in which a reference may stand."""

    edge: Edge
    parent: FieldPath
    holder: Mapping[str, Any]

    @property
    def path(self) -> FieldPath:
        return self.parent / fieldpath.of(self.edge.path).segments[-1]

    @property
    def fills(self) -> FieldPath:
        return self.parent / fieldpath.of(self.edge.fills).segments[-1]

    @property
    def reference(self) -> Any:
        return self.holder.get(str(fieldpath.of(self.edge.path).segments[-1]))

    def named(self, home: str) -> Iterator[Named]:
        """What is named here; `home` is the namespace of a reference that says none."""
        for path, source in self.sources():
            if name := source.get("name"):
                key = ObjectKey(str(source.get("namespace") or home), str(name))
                yield Named(self.edge, path, target(self.edge.ref), key)

    def sources(self) -> Iterator[tuple[FieldPath, Mapping[str, Any]]]:
        """Each `from` with its path; an empty one where it is missing."""
        entries = self.reference if self.edge.list else [self.reference]
        for position, entry in enumerate(entries if self.reference else []):
            at = self.path / fieldpath.Index(position) if self.edge.list else self.path
            source = entry.get("from") if isinstance(entry, Mapping) else None
            yield at, source if isinstance(source, Mapping) else {}

    def misused(self) -> Blocked | None:
        both = f"{self.fills},{self.path}"
        plain = fieldpath.get(self.holder, FieldPath(self.fills.segments[-1:]))
        if plain and self.reference:
            return _block(f"both resource reference wrapper and ID cannot be used together: {both}", "take one out")
        if self.edge.required and not plain and not self.reference:
            return _block(f"resource reference wrapper or ID required: {both}", "give one of them")
        empty = next((path for path, source in self.sources() if not source.get("name")), None)
        return _block(f"provided resource reference is nil or empty: {empty}", "give it a name") if empty else None


def _places(edge: Edge, spec: Mapping[str, Any]) -> Iterator[_Place]:
    for parent, holder in fieldpath.find(spec, fieldpath.of(edge.path).parent):
        if isinstance(holder, Mapping):
            yield _Place(edge, parent, holder)


@dataclass(frozen=True, slots=True)
class _Asking:
    """Who asks for what stands behind a reference, and how strictly; see `resolve`."""

    me: Node
    cluster: Cluster
    crosses: bool
    optional: bool

    def value(self, place: _Place) -> Any:
        """The value, or list of values, of one place: None where nothing is named, a Blocked or UNKNOWN where there is none."""
        if place.misused():
            return None
        found = [self._of(each) for each in place.named(self.me[1].namespace)]
        stuck = next((value for value in found if isinstance(value, (Blocked, Absence))), None)
        if stuck is not None or not found:
            return stuck
        return found if place.edge.list else found[0]

    def fails(self, place: _Place) -> bool:
        """Whether what is named in one place cannot be taken."""
        return isinstance(self.value(place), Blocked)

    def _of(self, each: Named) -> Any:
        home = self.me[1].namespace
        if each.key.namespace != home and not self.crosses:
            where = f"{each.path} names {each.key}, the resource is in namespace {home}"
            return _block(f"cross-namespace resource reference is not allowed: {where}", _STAY, tries=False)
        found = self.cluster.referred(each.resource, each.key)
        if found is Absence.UNKNOWN:
            if self.cluster.hindrance(each.resource) is Hindrance.FORBIDDEN:
                return _block(f"{each.resource} cannot be read", _hint(each, self.cluster), on=each.key)
            return found
        if found is Absence.MISSING:
            why = f'{each.resource} "{each.key.name}" not found in namespace {each.key.namespace}'
            return _block(why, _hint(each, self.cluster), on=each.key)
        return self._unready(each, found) or fieldpath.get(found, each.edge.ref.path)

    def _unready(self, each: Named, found: Object) -> Blocked | None:
        """Why the value of an object that is there cannot be taken."""
        ref, who = each.edge.ref, f"resource:{each.edge.ref.kind}, namespace:{each.key.namespace}, name:{each.key.name}"
        checked = not ref.unchecked and not self.optional
        if checked and _is_true(found, conditions.TERMINAL):
            why = f"the referenced resource has 'ACK.Terminal' condition 'True'. Cannot be referenced. {who}"
            return _block(why, f"mend {ref.kind} {each.key} first", tries=False, on=each.key)
        if checked and not _is_true(found, conditions.SYNCED):
            why = f"the referenced resource is not synced yet. {who}"
        elif fieldpath.get(found, ref.path) is None:
            why = f"the referenced resource is missing the target field. {who}, targetField:{ref.path}"
        else:
            return None
        return _block(why + _cycle(each, self.me, self.cluster), _hint(each, self.cluster), on=each.key)


def _hint(each: Named, cluster: Cluster) -> str:
    """What to do, as far as it can be known from here."""
    return _HINTS[cluster.hindrance(each.resource)].format(resource=each.resource, service=each.edge.ref.service)


def _is_true(obj: Object, kind: str) -> bool:
    return (condition_of(obj, kind) or {}).get("status") == "True"


def _block(why: str, advice: str, *, tries: bool = True, on: ObjectKey | None = None) -> Blocked:
    """`tries` False: waiting does not help; somebody has to change something."""
    code = Code.REFERENCE if tries else Code.BAD_REFERENCE
    return Blocked(code, {"why": why, "advice": advice}, RETRY_SECONDS, () if on is None else (on,))


def _crossings(edges: Sequence[Edge], obj: Object) -> tuple[str, ...]:
    home = key_of(obj).namespace
    return tuple(
        crossing("resource reference", str(each.path), home, each.key.namespace)
        for each in named(edges, obj)
        if each.key.namespace != home
    )


def crossing(what: str, path: str, home: str, namespace: str) -> str:
    """The sentence of an advisory on a reference that leaves its namespace."""
    return (
        f"The {what} spec.{path} in namespace {home} leads to namespace {namespace}, which "
        "--enable-cross-namespace permits; set the flag yourself, for its default may become false."
    )


def _cycle(each: Named, start: Node, cluster: Cluster) -> str:
    """The way from what is referred to back to where we come from, "" where there is none."""
    trail = _way((each.resource, each.key), start, cluster, {start})
    if trail is None:
        return ""
    return f". cycle: {' -> '.join(f'{resource.kind} {key}' for resource, key in (start, *trail))}"


def _way(here: Node, goal: Node, cluster: Cluster, seen: set[Node]) -> list[Node] | None:
    """The nodes from `here` to `goal`, both included; None where no way leads there. Depth first, without recursion."""
    trail: list[Node] = []
    rest: list[Iterator[Node]] = [iter([here])]
    while rest:
        following = next(rest[-1], None)
        if following is None:
            rest.pop()
            del trail[-1:]
        elif following == goal:
            return [*trail, goal]
        elif following not in seen:
            seen.add(following)
            trail.append(following)
            rest.append(iter(cluster.refers_to(*following)))
    return None
