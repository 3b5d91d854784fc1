"""What people do to objects and strangers to AWS, drawn from a seed, and what both sides have to hold in the end."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError
from tests.soak.kinds import Clients, Held, Kind, Spec

from ackpy.controllers.deletion import ANNOTATION as DELETION_POLICY
from ackpy.controllers.identity import is_given
from ackpy.controllers.memory import Memory
from ackpy.controllers.steering import PAUSED, RECONCILE_NOW
from ackpy.errors import NotFound
from ackpy.kube import objects
from ackpy.kube.client import KubeClient
from ackpy.kube.objects import Object, ObjectKey


@dataclass
class Item:
    """An object: what its manifest says now, and whether it is there."""

    key: ObjectKey
    spec: Spec
    annotations: dict[str, str] = field(default_factory=dict)
    alive: bool = True

    @property
    def retained(self) -> bool:
        return self.annotations.get(DELETION_POLICY) == "retain"

    @property
    def paused(self) -> bool:
        return self.annotations.get(PAUSED) == "true"


@dataclass
class Name:
    """A name in AWS and the objects that lay claim to it, oldest first.

    `stranger`: it is somebody else's. `stays`: a retained resource has to be there after its object, `may_stay`: it may.
    """

    kind: Kind
    text: str
    items: list[Item] = field(default_factory=list)
    stranger: bool = False
    stays: bool = False
    may_stay: bool = False

    @property
    def living(self) -> list[Item]:
        return [each for each in self.items if each.alive]

    def may_be_deleted(self) -> bool:
        """Whether somebody has asked for the end of the resource."""
        return not self.stranger and any(not each.alive and not each.retained for each in self.items)


@dataclass
class Story:
    """The objects of some kinds in one namespace, and the account's resources."""

    dice: random.Random
    kinds: Sequence[Kind]
    client: KubeClient
    clients: Clients
    namespace: str
    tag: str
    each: int
    names: dict[str, Name] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    async def act(self) -> None:
        """One deed."""
        deeds = {
            self._create: 5,
            self._change: 8,
            self._delete: 3,
            self._annotate: 2,
            self._rival: 1,
            self._drift: 3,
        }
        if len(self.names) < 3:
            deeds = {self._create: 1}
        [deed] = self.dice.choices(list(deeds), list(deeds.values()))
        await deed()

    async def rest(self) -> None:
        """Take away what keeps objects from their end: nobody is paused any more."""
        for name in self.names.values():
            for item in (each for each in name.items if each.paused):
                with suppress(NotFound):  # it was deleted before
                    await self._patched(item, {"metadata": {"annotations": {PAUSED: None}}}, name)
                del item.annotations[PAUSED]

    async def _create(self) -> None:
        """A new name, sometimes one that a stranger has already."""
        kind = self.dice.choice(self.kinds)
        number = sum(name.kind is kind for name in self.names.values())
        name = Name(kind, f"{self.tag}-{kind.title}{number}")
        before, retain = self.dice.random() < 0.1, self.dice.random() < 0.2
        spec = self._spec(name)
        if number >= self.each:
            await self._rival()
            return
        self.names[name.text] = name
        if before and kind.exclusive:
            kind.make(self.clients, name.text)
            name.stranger = True
        await self._made(name, spec, {DELETION_POLICY: "retain"} if retain else {})

    async def _rival(self) -> None:
        """Another object of ours that names what an older one names, living or not."""
        name = self._any()
        if any(each.retained for each in name.items) or len(name.living) > 1 or is_given(name.kind.descriptor):
            return
        await self._made(name, self._spec(name), {})

    async def _made(self, name: Name, spec: Spec, annotations: dict[str, str]) -> None:
        key = ObjectKey(self.namespace, f"{name.text.removeprefix(f'{self.tag}-')}-{len(name.items)}")
        item = Item(key, spec, annotations)
        name.items.append(item)
        meta = {"name": key.name, "namespace": key.namespace, "annotations": annotations}
        resource = name.kind.resource
        manifest = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": meta, "spec": spec}
        await self.client.create(resource, manifest)
        self._tell(f"create {key.name} {annotations} {spec}{' (a stranger has it)' if name.stranger else ''}")

    async def _change(self) -> None:
        name, item = self._one()
        if item is None:
            return
        item.spec = self._spec(name)
        said = {path: item.spec.get(path) for path in (*name.kind.always, *name.kind.settings)}
        await self._patched(item, {"spec": said}, name)

    async def _delete(self) -> None:
        name, item = self._one()
        if item is None:
            return
        found = await self.client.get(name.kind.resource, item.key)
        item.alive = False
        if item.retained and not name.stranger:
            name.may_stay = True
            name.stays = is_synced(found)
        await self.client.delete(name.kind.resource, item.key)
        self._tell(f"delete {item.key.name}{' (retained)' if item.retained else ''}")

    async def _annotate(self) -> None:
        """Pause or go on, or ask for a pass now."""
        name, item = self._one()
        number = self.dice.randrange(1000)
        if item is None:
            return
        said = {RECONCILE_NOW: str(number)} if number < 300 else {PAUSED: "false" if item.paused else "true"}
        item.annotations |= said
        await self._patched(item, {"metadata": {"annotations": said}}, name)

    async def _drift(self) -> None:
        """A stranger changes a setting that an object manages."""
        name, item = self._one()
        setting = self.dice.choice(sorted(name.kind.drift)) if name.kind.drift else ""
        if item is None or setting not in item.spec:
            return
        held = Memory.of(await self.client.get(name.kind.resource, item.key))
        if name.stranger or len(name.living) > 1:  # by now
            return  # it is managed by nobody, or not by all who might be the owner
        if held is None or setting not in held.paths:
            return  # no pass has seen yet that it is declared, and none will have to if it is taken out again
        try:
            name.kind.drift[setting](self.clients, name.text)
        except ClientError as error:  # it is not there yet
            self._tell(f"no drift of {name.text} {setting}: {error}")
        else:
            self._tell(f"drift of {name.text} {setting}")

    async def _patched(self, item: Item, patch: Object, name: Name) -> None:
        await self.client.patch(name.kind.resource, item.key, patch)
        self._tell(f"patch {item.key.name} {patch}")

    def _any(self) -> Name:
        return self.names[self.dice.choice(sorted(self.names))]

    def _one(self) -> tuple[Name, Item | None]:
        """A name, and the youngest of its objects if one is left."""
        name = self._any()
        return name, name.living[-1] if name.living else None

    def _spec(self, name: Name) -> Spec:
        kind, dice = name.kind, self.dice
        always = {path: value(dice.randrange(100)) for path, value in kind.always.items()}
        chosen = {path: value(dice.randrange(100)) for path, value in kind.settings.items() if dice.random() < 0.5}
        return {kind.name: f"{name.text}{kind.suffix}", **kind.fixed, **always, **chosen}

    def _tell(self, what: str) -> None:
        self.done.append(what)

    async def amiss(self) -> list[str]:
        """What is not as it has to be in the end; empty when all is. AWS is looked at when all objects say that they are at rest."""
        stored = {
            objects.key_of(each): each for kind in self.kinds for each in (await self.client.list(kind.resource)).items
        }
        return [*_unsettled(self.names.values(), stored)] or [*self.differences(stored)]

    def differences(self, stored: Mapping[ObjectKey, Object]) -> Iterator[str]:
        """What AWS has that the objects do not say, and the reverse."""
        for kind in self.kinds:
            held = kind.held(self.clients)
            mine = {name.text: name for name in self.names.values() if name.kind is kind}
            yield from (f"{kind.title} {each} in AWS belongs to nobody" for each in held.keys() - mine.keys())
            for text, name in mine.items():
                yield from (f"{text}: {each}" for each in _amiss(name, stored, held.get(text)))


def is_synced(obj: Mapping[str, Any]) -> bool:
    return (objects.condition_of(obj, "ACK.ResourceSynced") or {}).get("status") == "True"


def is_terminal(obj: Mapping[str, Any]) -> bool:
    return (objects.condition_of(obj, "ACK.Terminal") or {}).get("status") == "True"


def _unsettled(names: Collection[Name], stored: Mapping[ObjectKey, Object]) -> Iterator[str]:
    """Objects that are there and should not be, or the reverse; and those that are not at rest."""
    living = {item.key for name in names for item in name.living}
    yield from (f"{each.name} is stuck: {_shown(stored[each])}" for each in stored.keys() - living)
    yield from (f"{each.name} has gone" for each in living - stored.keys())
    for name in names:
        objs = [stored[item.key] for item in name.living if item.key in stored]
        at_rest = sum(is_terminal(obj) if name.stranger else is_synced(obj) for obj in objs)
        if at_rest != (len(objs) if name.stranger else min(len(objs), 1)):
            whose = "a stranger's: " if name.stranger else ""
            yield f"{name.text}: {whose}{at_rest} of {len(objs)} are at rest: {[_shown(obj) for obj in objs]}"


def _amiss(name: Name, stored: Mapping[ObjectKey, Object], held: Held | None) -> Iterator[str]:
    objs = [(item, stored[item.key]) for item in name.living]
    if name.stranger:
        if held is None or held.settings != name.kind.bare or held.ours:
            yield f"a stranger's, and touched: {held}"
        return
    for item, obj in objs:
        if is_synced(obj):
            yield from _kept(name, item, obj, held)
    if not objs and held and not name.may_stay:
        yield f"its object is deleted, and AWS still has it: {held}"
    if not objs and not held and name.stays:
        yield "it was to be retained, and AWS does not have it"


def _kept(name: Name, item: Item, obj: Object, held: Held | None) -> Iterator[str]:
    looked_at = {*name.kind.always, *name.kind.settings}
    wanted = {path: value for path, value in item.spec.items() if path in looked_at}
    if held is None or held.settings != wanted or held.ours is False:
        yield f"AWS has {held}, the object wants {wanted}"
    if name.kind.descriptor.finalizer not in objects.finalizers_of(obj):
        yield "the finalizer is lost"
    said = {path: value for path, value in obj["spec"].items() if path in looked_at}
    if said != wanted:
        yield f"the spec was changed to {said}"


def _shown(obj: Object) -> dict[str, Any]:
    """An object's conditions and marks, to be read in a failure."""
    conditions = {
        each["type"]: f"{each['status']} {each.get('message', '')}".strip() for each in objects.conditions_of(obj)
    }
    return {"conditions": conditions, "annotations": objects.annotations_of(obj), "meta": objects.finalizers_of(obj)}
