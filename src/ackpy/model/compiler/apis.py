"""Operations of a service to the parts they play for each kind: CreateRepository creates a Repository, DescribeRepositories reads it.

The rules stand in `GUESSES`: the first prefix that fits names the verb, the rest of the name the kind. A plural rest means a
collection, unless a kind is called so (EC2's DhcpOptions). `Resource.operations` and `Resource.lookup` decide where the rules err.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from ackpy.errors import DefinitionError
from ackpy.model.compiler import paths
from ackpy.model.compiler.draft import Roles
from ackpy.model.definition import Resource
from ackpy.model.naming import camel, is_plural, singular
from ackpy.model.shapes import Api, Model

Verb = Literal[
    "create",
    "create-batch",
    "replace",
    "get",
    "list",
    "update",
    "delete",
    "get-attributes",
    "set-attributes",
    "unknown",
]


@dataclass(frozen=True, slots=True)
class Guess:
    """A rule: names that begin with `prefix` (and end in `suffix`) mean `verb`; with a plural rest they mean `many`, if that is set.

    `named` is the verb for a plural rest that is the name of a kind.
    """

    prefix: str
    verb: Verb
    many: Verb | None = None
    named: Verb | None = None
    suffix: str = ""
    always_singular: bool = False


GUESSES: Final = (
    Guess("CreateOrUpdate", "replace"),
    Guess("BatchCreate", "create-batch", always_singular=True),
    Guess("CreateBatch", "create-batch", always_singular=True),
    Guess("Create", "create", many="create-batch", named="create"),
    Guess("Modify", "update"),
    Guess("Update", "update"),
    Guess("Delete", "delete"),
    Guess("Describe", "get", many="list", named="list"),
    Guess("Get", "get-attributes", suffix="Attributes"),
    Guess("Get", "get", many="list", named="get"),
    Guess("List", "list", always_singular=True),
    Guess("Set", "set-attributes", suffix="Attributes"),
)


def classify(operation: str, kinds: Collection[str] = ()) -> tuple[Verb, str]:
    """Verb and kind of an operation by its name; `kinds` are the configured ones. ("unknown", name) where no rule fits."""
    configured = {kind.lower() for kind in kinds}
    for guess in GUESSES:
        if operation.startswith(guess.prefix) and operation.endswith(guess.suffix):
            rest = operation[len(guess.prefix) : len(operation) - len(guess.suffix)]
            return _verb(guess, rest, named=rest.lower() in configured)
    return "unknown", operation


def _verb(guess: Guess, rest: str, *, named: bool) -> tuple[Verb, str]:
    if guess.always_singular:
        return guess.verb, rest if named else singular(rest)
    if guess.many is None or not is_plural(rest):
        return guess.verb, rest
    return (guess.named or guess.many, rest) if named else (guess.many, singular(rest))


class Apis:
    """The operations of one service by verb and kind, for the kinds that are compiled together."""

    def __init__(self, model: Model, kinds: Iterable[str]) -> None:
        """`kinds` are the names of the kinds, which a plural is compared with."""
        self._model = model
        names = frozenset(kinds)
        self._table: Mapping[tuple[Verb, str], Api] = {
            (verb, camel(kind)): model.operations[name]
            for name in sorted(model.operations)
            for verb, kind in (classify(name, names),)
        }

    def roles(self, resource: Resource) -> Roles:
        """The operations of a kind: the definition's word before the rules'. DefinitionError where nothing creates it."""
        said = resource.operations
        create = self._chosen(said.create, resource.kind, "create")
        if create is None:
            advice = "name it with operations=Operations(create=...)"
            raise DefinitionError(f"no operation of {self._model.service} creates it; {advice}")
        read, many = self._read(resource)
        update = self._chosen(said.update, resource.kind, "update")
        return Roles(create, read, update, self._chosen(said.delete, resource.kind, "delete"), many=many)

    def _chosen(self, said: str, kind: str, verb: Verb) -> Api | None:
        if said == "-":
            return None
        return paths.operation(self._model, said) if said else self._table.get((verb, kind))

    def _read(self, resource: Resource) -> tuple[Api | None, bool]:
        """The read operation, and whether it is a list."""
        if resource.lookup is not None:
            return paths.operation(self._model, paths.split(resource.lookup.list)[0]), True
        if resource.operations.read or resource.read_by:
            return self._chosen(resource.operations.read or "-", resource.kind, "get"), False
        if resource.attributes is not None:
            return paths.operation(self._model, paths.split(resource.attributes.get)[0]), False
        one = self._table.get(("get", resource.kind)) or self._table.get(("get-attributes", resource.kind))
        listing = None if one else self._table.get(("list", resource.kind))
        return one or listing, listing is not None
