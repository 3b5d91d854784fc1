"""An object -> what AWS's logs are told of it: its kind, and who manages it. Called by `resource`, for the calls of a pass."""

from __future__ import annotations

from collections.abc import Iterator

from ackpy.kube import objects
from ackpy.kube.objects import Object
from ackpy.model.descriptor import Descriptor


def introduction(descriptor: Descriptor, obj: Object) -> str:
    """In the words of ACK's user agent: "CRDKind/Bucket; CRDVersion/v1alpha1", and of what kro manages "ManagedBy/kro" too."""
    return "; ".join(_parts(descriptor, obj))


def _parts(descriptor: Descriptor, obj: Object) -> Iterator[str]:
    yield f"CRDKind/{descriptor.kind}"
    yield f"CRDVersion/{descriptor.api_version.rpartition('/')[2]}"
    labels = objects.labels_of(obj)
    if labels.get("app.kubernetes.io/managed-by") == "kro" or labels.get("kro.run/owned") == "true":
        yield "ManagedBy/kro"
        if version := labels.get("kro.run/kro-version"):
            yield f"KROVersion/{version}"
