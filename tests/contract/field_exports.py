"""What rows about FieldExports share: one of a Repository, the ConfigMap or Secret that it writes, and what it says of itself."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from ackpy.kube.objects import Object
from ackpy.testing.stage import RESOURCES, Stage, conditions, repository

NAME: Final = ".spec.name"


def export(path: str = NAME, name: str = "it", *, source: Mapping[str, str] | None = None, **to: str) -> Object:
    """A FieldExport of the repository `app`, to the ConfigMap `settings` unless told otherwise."""
    resource = {"group": "ecr.services.k8s.aws", "kind": "Repository", "name": "app", **(source or {})}
    spec = {"from": {"path": path, "resource": resource}, "to": {"kind": "configmap", "name": "settings", **to}}
    return {**RESOURCES["fieldexport"].type_meta, "metadata": {"name": name}, "spec": spec}


async def target(stage: Stage, kind: str = "configmap", namespace: str = "", **data: str) -> None:
    """The ConfigMap or Secret `settings`."""
    held = {"data": data} if kind == "configmap" else {"stringData": data}
    await stage.apply(
        {**RESOURCES[kind].type_meta, "metadata": {"name": "settings"}, **(held if data else {})}, namespace
    )


async def held(stage: Stage, kind: str = "configmap", namespace: str = "") -> dict[str, str]:
    """What the target holds."""
    found = (await stage.get(f"{kind}/settings", namespace)).get("data") or {}
    return {key: base64.b64decode(value).decode() if kind == "secret" else value for key, value in found.items()}


async def set_up(stage: Stage, *flags: str, **spec: Any) -> None:
    """A repository in step, and a ConfigMap."""
    await target(stage)
    await stage.start(*flags, services=("ecr",))
    await stage.apply(repository("app", **spec))
    await stage.until_synced("repository/app")


async def becomes(stage: Stage, data: dict[str, str], kind: str = "configmap", namespace: str = "") -> None:
    """Wait until the target holds this, and nothing else."""

    async def does() -> bool:
        return await held(stage, kind, namespace) == data

    await stage.wait(does, f"the {kind} holds {sorted(data)}")


async def is_told(stage: Stage, kind: str, what: str = "fieldexport/it", namespace: str = "") -> Object:
    """A condition of the FieldExport, once it is there and True."""
    return conditions(await stage.until_condition(what, kind, namespace=namespace))[kind]


async def is_waiting(stage: Stage, reason: str) -> Object:
    """The FieldExport, once it says that it waits for this."""
    obj = await stage.until(
        "fieldexport/it", lambda obj: conditions(obj).get("ACK.ResourceSynced", {}).get("reason") == reason
    )
    assert conditions(obj)["ACK.ResourceSynced"]["status"] == "False"
    assert not {"ACK.Terminal", "ACK.Recoverable"} & set(conditions(obj))
    return obj
