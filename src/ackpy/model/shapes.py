"""The only door to botocore's service models: their JSON to a `Model` of shapes and operations that the compiler can ask and correct.

A model is loaded from botocore's data files, without client or session, when a service is compiled; shapes are converted when they
are first asked for. Members and shapes go by their *exported* name (first letter upper case, as in "RepositoryName"); `wire` keeps
botocore's own spelling for requests. Every operation has an input "<Operation>Input" and an output "<Operation>Output" of its own:
copies, so that what is cut from one does not touch what others share. Corrections to the models stand in `PATCHES`.

Besides shape names, `Model.shape` reads type expressions: "[]T", "map[string]T", "string", "boolean", "integer", "number",
"timestamp" and "blob".
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import orjson
from botocore.exceptions import UnknownServiceError
from botocore.loaders import JSONFileLoader, Loader

from ackpy.errors import DefinitionError
from ackpy.model.descriptor import Type
from ackpy.model.naming import upper_first

_TYPES: Final[Mapping[str, Type]] = {
    "string": Type.STRING,
    "character": Type.STRING,
    "boolean": Type.BOOLEAN,
    "byte": Type.INTEGER,
    "short": Type.INTEGER,
    "integer": Type.INTEGER,
    "long": Type.INTEGER,
    "bigInteger": Type.INTEGER,
    "intEnum": Type.INTEGER,
    "float": Type.NUMBER,
    "double": Type.NUMBER,
    "bigDecimal": Type.NUMBER,
    "number": Type.NUMBER,
    "blob": Type.BLOB,
    "timestamp": Type.TIMESTAMP,
    "structure": Type.STRUCTURE,
    "list": Type.LIST,
    "map": Type.MAP,
}
_RESERVED: Final = ("String", "GoString")  # ACK's Go types have methods of these names
Side = Literal["Input", "Output"]
_SCALARS: Final = ("string", "boolean", "integer", "number", "timestamp", "blob")


@dataclass(frozen=True, slots=True)
class ShapeMember:
    """A member of a structure: exported `name`, botocore's `wire` ("" where AWS does not know it), its shape, documentation in HTML."""

    name: str
    wire: str
    shape: str
    doc: str = ""
    token: bool = False
    document: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """A type of the model.

    `members` go by exported name, sorted; `required` holds exported names; `element` is the shape name of a list's or map's
    element; `values` are those of an enum, or of the enum that is a map's key.
    """

    name: str
    type: Type
    members: Mapping[str, ShapeMember] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    element: str = ""
    doc: str = ""
    pattern: str = ""
    values: tuple[str, ...] = ()
    union: bool = False
    document: bool = False
    sensitive: bool = False

    def member(self, name: str) -> ShapeMember | None:
        """The member of that name, exported or botocore's."""
        return self.members.get(upper_first(name))

    def without(self, names: Iterable[str]) -> Shape:
        """A copy that lacks the members of those exported names."""
        gone = frozenset(names)
        kept = {name: member for name, member in self.members.items() if name not in gone}
        return replace(self, members=kept, required=self.required - gone)

    def with_member(self, member: ShapeMember) -> Shape:
        """A copy that has one more member."""
        return replace(self, members=dict(sorted({**self.members, member.name: member}.items())))


@dataclass(frozen=True, slots=True)
class Api:
    """An operation of the model: exported and botocore's name, shape names of its own input and output, the errors it declares."""

    name: str
    wire: str
    input: str
    output: str
    errors: tuple[str, ...] = ()
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Patch:
    """A correction of one service's inputs or outputs: a member dropped, added, or given another type."""

    service: str
    side: Side
    member: str
    action: Literal["drop", "add", "retype"]
    type: str = "string"
    only: frozenset[str] = frozenset()
    but: frozenset[str] = frozenset()

    def touches(self, operation: str) -> bool:
        """Whether it corrects that operation."""
        return operation not in self.but and (not self.only or operation in self.only)


_CLUSTERS: Final = frozenset({"CreateDBCluster", "CopyDBClusterSnapshot"})
_INSTANCES: Final = frozenset(
    {"CopyDBSnapshot", "CreateDBInstanceReadReplica", "StartDBInstanceAutomatedBackupsReplication"}
)
_REGIONS: Final = (("rds", _CLUSTERS | _INSTANCES), ("docdb", _CLUSTERS), ("neptune", _CLUSTERS))

PATCHES: Final[tuple[Patch, ...]] = (
    Patch("s3", "Input", "ContentMD5", "drop", but=frozenset({"PutObject", "UploadPart"})),  # the client computes it
    Patch("s3", "Output", "Expires", "retype"),  # AWS answers what the writer sent, which need be no date
    # what the SDKs take to sign a cross-region copy; ACK's published CRDs have both
    *(Patch(name, "Input", "SourceRegion", "add", only=operations) for name, operations in _REGIONS),
    *(Patch(name, "Input", "DestinationRegion", "add", only=operations) for name, operations in _REGIONS),
    Patch("cloudfront", "Input", "MaxItems", "retype", "integer"),
)


class _FastLoader(JSONFileLoader):
    """Reads botocore's files with orjson: three times as fast as the json module, and the start of every controller waits for it."""

    def _load_file(self, full_path: str, open_method: Any) -> Any:
        try:
            with open_method(full_path, "rb") as file:
                return orjson.loads(file.read())
        except FileNotFoundError:
            return None


class Model:
    """One service's shapes and operations. The compiler corrects its own copy through `put`; no other code holds it."""

    def __init__(self, service: str, raw: Mapping[str, Any]) -> None:
        """`service` is botocore's name, `raw` its service-2 document."""
        self.service = service
        self._raw: Mapping[str, Any] = raw["shapes"]
        self._own: dict[str, tuple[str, Side, str]] = {}
        self.operations: Mapping[str, Api] = {
            api.name: api for api in (self._api(upper_first(name), each) for name, each in raw["operations"].items())
        }
        self._exported = {wire: self._export(wire) for wire in self._raw}
        self._names = {exported: wire for wire, exported in self._exported.items()}
        self._shapes: dict[str, Shape] = {}

    def operation(self, name: str) -> Api | None:
        """The operation of that name, exported or botocore's."""
        return self.operations.get(upper_first(name))

    def find(self, name: str) -> Shape | None:
        """The shape of that name, or of a type expression; None where there is none."""
        if name not in self._shapes:
            made = self._make(name)
            if made is None:
                return None
            self._shapes[name] = made
        return self._shapes[name]

    def shape(self, name: str) -> Shape:
        """The shape of that name, or of a type expression; DefinitionError names the nearest where there is none."""
        found = self.find(name)
        if found is None:
            near = difflib.get_close_matches(name, self.names(), n=3)
            raise DefinitionError(
                f"{self.service} has no shape {name!r}" + (f"; near it: {', '.join(near)}" if near else "")
            )
        return found

    def pristine(self, name: str) -> Shape:
        """The shape as AWS's model has it, whatever was cut from it since."""
        return self._make(name) or self.shape(name)

    def put(self, shape: Shape) -> None:
        """Take `shape` as the shape of its name from now on."""
        self._shapes[shape.name] = shape

    def names(self) -> tuple[str, ...]:
        """Every shape's exported name, the operations' own inputs and outputs included."""
        return tuple({**self._names, **self._own})

    def _api(self, name: str, raw: Mapping[str, Any]) -> Api:
        for side, member in (("Input", "input"), ("Output", "output")):
            self._own[f"{name}{side}"] = (
                name,
                "Input" if side == "Input" else "Output",
                raw.get(member, {}).get("shape", ""),
            )
        errors = tuple(each["shape"] for each in raw.get("errors", ()))
        return Api(name, raw["name"], f"{name}Input", f"{name}Output", errors, raw.get("documentation", ""))

    def _export(self, wire: str) -> str:
        """The exported name of a shape. One that ends like an operation's input or output, and is none, gets "_"."""
        name = wire if self._raw[wire]["type"] == "string" else upper_first(wire)
        if name != wire and name in self._raw:  # two shapes that differ in the first letter's case
            name = wire
        clash = name.endswith(("Input", "Output")) and self._own.get(name, ("", "", ""))[2] != wire
        return f"{name}_" if clash else name

    def _make(self, name: str) -> Shape | None:
        for prefix, kind in (("[]", Type.LIST), ("map[string]", Type.MAP)):
            element = name.removeprefix(prefix)
            if name.startswith(prefix):
                return Shape(name, kind, element=element) if self.find(element) else None
        if name in self._own:
            return self._make_own(name)
        if name in self._names:
            return self._convert(name, self._raw[self._names[name]])
        return Shape(name, _TYPES[name]) if name in _SCALARS else None

    def _make_own(self, name: str) -> Shape:
        """The operation's own copy of its input or output, patched; an operation without one has an empty structure."""
        operation, side, wire = self._own[name]
        shape = self._convert(name, self._raw[wire]) if wire else Shape(name, Type.STRUCTURE)
        for patch in PATCHES:
            if patch.service == self.service and patch.side == side and patch.touches(operation):
                shape = _patched(shape, patch)
        return shape

    def _convert(self, name: str, raw: Mapping[str, Any]) -> Shape:
        members = (
            [self._member(wire, each) for wire, each in raw.get("members", {}).items()]
            if raw["type"] == "structure"
            else []
        )
        element = raw.get("member") or raw.get("value")
        return Shape(
            name,
            _TYPES[raw["type"]],
            members={member.name: member for member in sorted(members, key=lambda each: each.name)},
            required=frozenset(upper_first(each) for each in raw.get("required", ())),
            element=self._exported[element["shape"]] if element else "",
            doc=raw.get("documentation", ""),
            pattern=raw.get("pattern", ""),
            values=tuple(self._raw[raw["key"]["shape"]].get("enum", ()))
            if "key" in raw
            else tuple(raw.get("enum", ())),
            union=bool(raw.get("union")),
            document=bool(raw.get("document") or raw.get("jsonvalue")),
            sensitive=bool(raw.get("sensitive")),
        )

    def _member(self, wire: str, raw: Mapping[str, Any]) -> ShapeMember:
        target = self._raw[raw["shape"]]
        name = upper_first(wire)
        return ShapeMember(
            f"{name}_" if name in _RESERVED else name,
            wire,
            self._exported[raw["shape"]],
            raw.get("documentation", ""),
            token=bool(raw.get("idempotencyToken") or target.get("idempotencyToken")),
            document=bool(raw.get("jsonvalue")),
        )


def load_model(service: str) -> Model:
    """The model of one service by botocore's name ("stepfunctions"); DefinitionError for a name that botocore lacks."""
    try:
        return Model(service, Loader(file_loader=_FastLoader()).load_service_model(service, "service-2"))
    except UnknownServiceError:
        near = difflib.get_close_matches(service, Loader().list_available_services("service-2"), n=3)
        raise DefinitionError(
            f"botocore has no service {service!r}" + (f"; near it: {', '.join(near)}" if near else "")
        ) from None


def _patched(shape: Shape, patch: Patch) -> Shape:
    present = shape.member(patch.member)
    if patch.action == "drop":
        return shape.without([patch.member])
    if patch.action == "add":
        return shape if present else shape.with_member(ShapeMember(patch.member, "", patch.type))
    return shape.with_member(replace(present, shape=patch.type)) if present else shape
