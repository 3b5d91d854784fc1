"""STS: session keys that work here, the identity behind an account's own key, and who may assume a role. The rest is moto's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends
from moto.sts.utils import random_session_token
from moto.utilities.utils import get_partition

from ackpy.local.cloud.call import Call, Emulation, Handler
from ackpy.local.cloud.trust import Caller, check

if TYPE_CHECKING:
    from ackpy.local.cloud.authentication import Authenticator
    from ackpy.local.cloud.wire import HttpAnswer

DEFAULT_SECONDS = 43_200


def emulation(authenticator: Authenticator) -> Emulation:
    """STS as this AWS answers it."""

    def get_caller_identity(call: Call) -> HttpAnswer | Mapping[str, Any]:
        account = call.identity.account
        if not authenticator.is_account_key(call.identity.access_key_id):
            return call.forward(call.request)
        return {"Account": account, "UserId": account, "Arn": f"arn:{_partition(call)}:iam::{account}:root"}

    def assume_role(call: Call) -> HttpAnswer:
        parameters = call.parameters()
        check(_caller(call, authenticator), parameters["RoleArn"], parameters.get("ExternalId", ""))
        return call.forward(call.request)

    return Emulation(
        {
            "AssumeRole": Handler(assume_role, "mended"),
            "GetCallerIdentity": Handler(get_caller_identity, "mended"),
            "GetSessionToken": Handler(get_session_token),
            "GetFederationToken": Handler(get_federation_token),
        }
    )


def get_session_token(call: Call) -> Mapping[str, Any]:
    """GetSessionToken: temporary keys of the caller's account."""
    return {"Credentials": _new_session(call, call.parameters())}


def get_federation_token(call: Call) -> Mapping[str, Any]:
    """GetFederationToken: temporary keys of the caller's account under a name."""
    parameters = call.parameters()
    account, name = call.identity.account, parameters["Name"]
    user = {
        "FederatedUserId": f"{account}:{name}",
        "Arn": f"arn:{_partition(call)}:sts::{account}:federated-user/{name}",
    }
    return {"Credentials": _new_session(call, parameters), "FederatedUser": user, "PackedPolicySize": 0}


def _caller(call: Call, authenticator: Authenticator) -> Caller:
    account, key = call.identity.account, call.identity.access_key_id
    if authenticator.is_account_key(key) or key in call.kept:  # kept: temporary keys of the account
        return Caller(account, f"arn:{_partition(call)}:iam::{account}:root", whole_account=True)
    _, arn, _ = sts_backends[account][_partition(call)].get_caller_identity(key, call.identity.region)
    return Caller(account, arn, whole_account=False)


def _partition(call: Call) -> str:
    return str(get_partition(call.identity.region))


def _new_session(call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    key = iam_backends[call.identity.account][_partition(call)].create_temp_access_key()
    until = call.now + timedelta(seconds=int(parameters.get("DurationSeconds", DEFAULT_SECONDS)))
    token = random_session_token()
    call.kept[key.access_key_id] = {"secret": key.secret_access_key, "token": token, "until": until.isoformat()}
    return {
        "AccessKeyId": key.access_key_id,
        "SecretAccessKey": key.secret_access_key,
        "SessionToken": token,
        "Expiration": until,
    }
