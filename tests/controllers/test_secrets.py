"""Secrets: what each rule of the contract (section 14) makes of a spec, when a password is written, and that nothing shows it."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from ackpy.aws.budget import Ticket
from ackpy.aws.metrics import Sent
from ackpy.controllers import references
from ackpy.controllers.options import ReconcilerOptions
from ackpy.controllers.place import Place
from ackpy.errors import AwsApiError, Forbidden
from ackpy.kube.objects import Object, ObjectKey
from ackpy.model.definition import Ref
from ackpy.model.descriptor import Descriptor
from ackpy.runtime.causes import Cause
from ackpy.runtime.lookup import Absence
from ackpy.testing.world import ACCOUNT, REGION, ObjectsInMemory, Steps

PASSWORD = "correct horse battery"
OTHER = "staple 2"
KEY = ObjectKey("default", "admin")
USERS = references.target(Ref("iam", "User"))


@dataclass(slots=True)
class Profiles:
    """IAM's login profiles: user name -> password, and the calls with what they carried."""

    account: str = ACCOUNT
    partition: str = "aws"
    passwords: dict[str, str] = field(default_factory=dict)
    made: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refusing: bool = False

    async def calls(self, place: Place, ticket: Ticket, listener: Callable[[Sent], None]) -> Profiles:
        """See `Cloud.calls`."""
        return self

    async def call(self, operation: str, /, **params: Any) -> Mapping[str, Any]:
        """Act as IAM does."""
        self.made.append((operation, params))
        name = params["UserName"]
        if operation == "CreateLoginProfile":
            self.passwords[name] = params["Password"]
        elif name not in self.passwords:
            raise self._error(operation, "NoSuchEntity", 404)
        elif operation == "UpdateLoginProfile":
            if self.refusing:
                raise self._error(operation, "PasswordPolicyViolation", 400)
            self.passwords[name] = params["Password"]
        elif operation == "DeleteLoginProfile":
            del self.passwords[name]
            return {}
        return {"LoginProfile": {"UserName": name}}

    async def paginate(self, operation: str, at: str, /, **params: Any) -> Sequence[Any]:
        """IAM has no pages here."""
        raise AssertionError(f"{operation} of {at}: {sorted(params)}")

    @property
    def writes(self) -> list[str]:
        """The operations that changed something."""
        return [name for name, _ in self.made if not name.startswith("Get")]

    def _error(self, operation: str, code: str, status: int) -> AwsApiError:
        codes = frozenset({code})
        return AwsApiError(
            service="iam", operation=operation, code=code, detail="no", status=status, codes=codes, request_id="r"
        )


def secret(data: Mapping[str, str], *, uid: str = "secret-uid", kind: str = "Opaque") -> Object:
    encoded = {name: base64.b64encode(value.encode()).decode() for name, value in data.items()}
    return {"metadata": {"name": KEY.name, "namespace": KEY.namespace, "uid": uid}, "type": kind, "data": encoded}


def spec(**reference: str) -> dict[str, Any]:
    return {"userName": "ann", "password": {"name": "admin", "key": "password", **reference}}


class Passwords(ObjectsInMemory):
    """Login profiles in memory."""

    def __init__(self, descriptor: Descriptor, options: ReconcilerOptions | None = None) -> None:
        self.iam = Profiles()
        super().__init__(descriptor, self.iam, options or ReconcilerOptions(region=REGION, verify=False), Steps())


@pytest.fixture
def held(profile: Descriptor) -> Passwords:
    world = Passwords(profile)
    world.cluster.secrets[KEY] = secret({"password": PASSWORD})
    return world


async def test_a_password_is_read_and_given_once(held: Passwords) -> None:
    key = held.cluster.apply("p", spec())
    await held.settle(key)
    assert held.iam.passwords == {"ann": PASSWORD}
    assert held.conditions(key)["ACK.ResourceSynced"]["status"] == "True"
    assert "ACK.ReferencesResolved" not in held.conditions(key)
    await held.settle(key, Cause.RESYNC)
    assert held.iam.writes == ["CreateLoginProfile"]


async def test_a_changed_secret_is_written_once(held: Passwords) -> None:
    key = held.cluster.apply("p", spec())
    await held.settle(key)
    held.cluster.secrets[KEY] = secret({"password": OTHER})
    await held.settle(key, Cause.SECRET)
    assert held.iam.passwords == {"ann": OTHER}
    assert held.iam.made[-1] == ("UpdateLoginProfile", {"UserName": "ann", "Password": OTHER})
    await held.settle(key, Cause.SECRET)
    assert held.iam.writes == ["CreateLoginProfile", "UpdateLoginProfile"]
    assert held.events.reasons == ["Created", "Updated"]


async def test_a_changed_secret_is_written_after_a_restart(held: Passwords) -> None:
    key = held.cluster.apply("p", spec())
    await held.settle(key)
    held.restart()
    await held.settle(key, Cause.START)
    assert held.iam.writes == ["CreateLoginProfile"]
    held.cluster.secrets[KEY] = secret({"password": OTHER})
    held.restart()
    await held.settle(key, Cause.START)
    assert held.iam.writes == ["CreateLoginProfile", "UpdateLoginProfile"]


async def test_another_key_of_the_secret_changes_nothing(held: Passwords) -> None:
    key = held.cluster.apply("p", spec())
    await held.settle(key)
    held.cluster.secrets[KEY] = secret({"password": PASSWORD, "more": "x"})
    await held.settle(key, Cause.SECRET)
    assert held.iam.writes == ["CreateLoginProfile"]


async def test_a_refused_password_is_tried_again(held: Passwords) -> None:
    key = held.cluster.apply("p", spec())
    await held.settle(key)
    held.cluster.secrets[KEY] = secret({"password": OTHER})
    held.iam.refusing = True
    await held.one_pass(key, Cause.SECRET)
    assert held.iam.passwords == {"ann": PASSWORD}
    held.iam.refusing = False
    await held.settle(key, Cause.RETRY)
    assert held.iam.passwords == {"ann": OTHER}


REFUSALS = [
    ("no such Secret", None, spec(), "kubernetes secret not found", "spec.password names Secret default/admin"),
    (
        "no such key",
        secret({"x": "y"}),
        spec(),
        "kubernetes secret not found",
        "the key password of Secret default/admin",
    ),
    ("no data", {"type": "Opaque"}, spec(), "kubernetes secret not found", "add it"),
    ("no name", secret({"password": "x"}), spec(name=""), "kubernetes secret not found", "create it"),
    (
        "another type",
        secret({"password": PASSWORD}, kind="kubernetes.io/tls"),
        spec(),
        "only opaque secrets can be used",
        "kubernetes.io/tls",
    ),
    (
        "no base64",
        {"type": "Opaque", "data": {"password": "*"}},
        spec(),
        "kubernetes secret not found",
        "no UTF-8 text",
    ),
    (
        "no text",
        {"type": "Opaque", "data": {"password": "/w=="}},
        spec(),
        "kubernetes secret not found",
        "no UTF-8 text",
    ),
]


@pytest.mark.parametrize(("name", "found", "wanted", "text", "advice"), REFUSALS, ids=[each[0] for each in REFUSALS])
async def test_a_secret_that_cannot_be_used(
    profile: Descriptor, name: str, found: Object | None, wanted: dict[str, Any], text: str, advice: str
) -> None:
    world = Passwords(profile)
    if found is not None:
        world.cluster.secrets[KEY] = found
    key = world.cluster.apply("p", wanted)
    result = await world.one_pass(key)
    conditions = world.conditions(key)
    assert conditions["ACK.Recoverable"] == {"type": "ACK.Recoverable", "status": "True", "message": text}, name
    assert "ACK.Terminal" not in conditions
    assert advice in conditions["Ready"]["message"]
    assert not world.iam.made
    assert result.seconds == references.RETRY_SECONDS


async def test_recovery_takes_the_condition_away(profile: Descriptor) -> None:
    world = Passwords(profile)
    key = world.cluster.apply("p", spec())
    await world.one_pass(key)
    world.cluster.secrets[KEY] = secret({"password": PASSWORD})
    await world.settle(key, Cause.SECRET)
    assert "ACK.Recoverable" not in world.conditions(key)
    assert world.iam.passwords == {"ann": PASSWORD}


async def test_a_secret_that_may_not_be_read_is_said(held: Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    async def denied(self: object, key: ObjectKey) -> Object | None:
        raise Forbidden(403, "Forbidden", "no")

    monkeypatch.setattr(type(held.cluster), "secret", denied)
    key = held.cluster.apply("p", spec())
    await held.one_pass(key)
    assert "may not read Secret default/admin" in held.conditions(key)["Ready"]["message"]


@pytest.mark.parametrize(("flag", "made"), [(True, True), (False, False)])
async def test_another_namespace_by_flag(profile: Descriptor, *, flag: bool, made: bool) -> None:
    world = Passwords(profile, ReconcilerOptions(region=REGION, verify=False, cross_namespace=flag))
    world.cluster.secrets[ObjectKey("vault", "admin")] = secret({"password": PASSWORD})
    key = world.cluster.apply("p", spec(namespace="vault"))
    await world.one_pass(key)
    conditions = world.conditions(key)
    assert bool(world.iam.passwords) is made
    assert ("ACK.Advisory" in conditions) is made
    if made:
        assert conditions["ACK.Advisory"]["reason"] == "CrossNamespaceOptInRequired"
        assert "secret reference spec.password in namespace default" in conditions["ACK.Advisory"]["message"]
    else:
        assert "cross-namespace secret reference is not allowed" in conditions["ACK.Terminal"]["message"]


async def test_a_resolved_reference_is_used_and_never_written_down(held: Passwords) -> None:
    held.cluster.others[USERS, ObjectKey("default", "u")] = {
        "spec": {"name": "ann"},
        "status": {"conditions": [{"type": "ACK.ResourceSynced", "status": "True"}]},
    }
    wanted = {"userRef": {"from": {"name": "u"}}, "password": spec()["password"]}
    key = held.cluster.apply("p", wanted)
    await held.settle(key)
    assert held.iam.passwords == {"ann": PASSWORD}
    assert held.cluster.objects[key]["spec"] == wanted
    condition = held.conditions(key)["ACK.ReferencesResolved"]
    assert {name: condition[name] for name in condition if name != "lastTransitionTime"} == {
        "type": "ACK.ReferencesResolved",
        "status": "True",
    }
    assert next(iter(held.conditions(key))) == "ACK.ReferencesResolved"
    held.cluster.delete(key)
    await held.one_pass(key)
    assert held.iam.passwords == {}
    assert key not in held.cluster.objects


async def test_a_deletion_whose_identifier_is_not_known_yet_waits(held: Passwords) -> None:
    held.cluster.others[USERS, ObjectKey("default", "u")] = {
        "spec": {"name": "ann"},
        "status": {"conditions": [{"type": "ACK.ResourceSynced", "status": "True"}]},
    }
    key = held.cluster.apply("p", {"userRef": {"from": {"name": "u"}}, "password": spec()["password"]})
    await held.settle(key)
    user = held.cluster.others.pop((USERS, ObjectKey("default", "u")))
    held.cluster.absence = Absence.UNKNOWN
    held.cluster.delete(key)
    await held.one_pass(key)
    assert held.iam.passwords == {"ann": PASSWORD}
    assert key in held.cluster.objects
    held.cluster.others[USERS, ObjectKey("default", "u")] = {**user, "status": {}}
    await held.one_pass(key)
    assert held.iam.passwords == {}
    assert key not in held.cluster.objects


async def test_deletion_reads_no_secret(held: Passwords) -> None:
    key = held.cluster.apply("p", spec())
    await held.settle(key)
    held.cluster.secrets.clear()
    held.cluster.delete(key)
    await held.one_pass(key)
    assert held.iam.passwords == {}
    assert key not in held.cluster.objects


async def test_nothing_shows_a_secret(held: Passwords, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    key = held.cluster.apply("p", spec())
    await held.settle(key)
    held.cluster.secrets[KEY] = secret({"password": OTHER})
    held.iam.refusing = True
    await held.one_pass(key, Cause.SECRET)
    held.iam.refusing = False
    await held.settle(key, Cause.SECRET)
    uid = held.cluster.objects[key]["metadata"]["uid"]
    shown = [
        held.cluster.objects,
        held.cluster.writes,
        held.events.seen,
        held.ledger.of(uid),
        held.ledger.of(uid).plan,
        held.reconciler._traces,
        caplog.text,
    ]
    text = " ".join(map(repr, shown))
    for each in (PASSWORD, OTHER):
        assert each not in text
        assert base64.b64encode(each.encode()).decode() not in text


async def test_equal_secrets_have_different_marks(held: Passwords) -> None:
    first = held.cluster.apply("p", spec())
    await held.settle(first)
    marks = held.cluster.objects[first]["metadata"]["annotations"]
    held.cluster.secrets[KEY] = secret({"password": PASSWORD}, uid="another")
    await held.settle(first, Cause.SECRET)
    assert held.cluster.objects[first]["metadata"]["annotations"] != marks
