"""pytest fixtures over one embedded AWS: `cloud` (a child process for the session), `account`, `aws` (clients of it).

Load them with `pytest_plugins = ["ackpy.testing.cloud"]`. Each worker of pytest-xdist has a cloud of its own.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any, TypeAlias
from urllib.parse import urlencode

import pytest

from ackpy.local.cloud.calls import LoggedCall
from ackpy.local.cloud.endpoint import CloudEndpoint
from ackpy.testing.aws import AwsClient, client_of

Call: TypeAlias = LoggedCall
MakeClient: TypeAlias = Callable[..., AwsClient]
CALL_SECONDS = 30
END_SECONDS = 40
"""Its end takes half a second of processor time, which is long where many share the processors."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key of one account, as any AWS SDK takes it."""

    access_key_id: str
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Cloud(CloudEndpoint):
    """A running embedded AWS in another process, and what tests ask of it (blocking HTTP on loopback)."""

    def credentials(self, account_id: str) -> Credentials:
        """Keys of any account, 12 digits; accounts need no creation."""
        key = self._admin("GET", "credentials", {"account": account_id})
        return Credentials(key["accessKeyId"], key["secretAccessKey"])

    def calls(self, account: str | None = None, since: int | None = None) -> list[Call]:
        """The call log, oldest first: of one account, and only calls with `at_seq` greater than `since`."""
        query = {"account": account, "since": since}
        return [Call(**call) for call in self._admin("GET", "calls", query)]

    def snapshot(self, account: str) -> dict[str, Any]:
        """All state of the account as plain values: equal snapshots mean that nothing was changed in between."""
        state: dict[str, Any] = self._admin("GET", "snapshot", {"account": account})
        return state

    def fault(self, **rule: Any) -> None:
        """Add a rule of fault injection; its members are those of `ackpy.local.cloud.faults.Fault`."""
        self._admin("POST", "faults", {}, json.dumps(rule).encode())

    def clear_faults(self, account: str | None = None) -> None:
        """Remove the fault rules, all or those of one account."""
        self._admin("DELETE", "faults", {"account": account})

    def _admin(self, method: str, page: str, query: dict[str, Any], body: bytes | None = None) -> Any:
        chosen = urlencode({name: value for name, value in query.items() if value is not None})
        headers = {"Authorization": f"Bearer {self.admin_token}"}
        request = urllib.request.Request(  # noqa: S310  # a loopback URL of our own
            f"{self.url}/_ackpy/{page}?{chosen}", data=body, headers=headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=CALL_SECONDS) as answer:  # noqa: S310  # as above
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise ValueError(error.read().decode().strip()) from error


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """An embedded AWS that keeps nothing, ended with the session; one that ended by itself is an error."""
    process, endpoint = start_cloud("--ephemeral")
    yield endpoint
    code = end_cloud(process)
    if code != 0:
        msg = f"the embedded AWS ended with exit code {code} before it was told to"
        raise RuntimeError(msg)


@pytest.fixture
def account() -> str:
    """An account id that no other test has."""
    return f"{secrets.randbelow(9 * 10**11) + 10**11}"


def neighbour_of(account: str) -> str:
    """Another account id, which no other test has either."""
    return f"{(int(account) + 1) % 10**12:012d}"


@pytest.fixture
def aws(cloud: Cloud, account: str) -> MakeClient:
    """Make a botocore client of this test's account: `aws("s3")`, `aws("s3", "eu-west-1")`."""

    def make(service: str, region: str = "us-east-1", *, of: str = account, **options: Any) -> AwsClient:
        return client_of(cloud, of, service, region, **options)

    return make


def start_cloud(*arguments: str) -> tuple[subprocess.Popen[str], Cloud]:
    """Start an embedded AWS as a child process with these arguments, and wait until it serves. It ends with its parent.

    Raises RuntimeError with its exit code when it ends instead; what it says goes to standard error.
    """
    command = [sys.executable, "-m", "ackpy.local.cloud", "--parent-pid", str(os.getpid()), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  # our own module
    line = _stdout(process).readline()
    if not line:
        msg = f"the embedded AWS ended with exit code {process.wait()} instead of serving"
        raise RuntimeError(msg)
    ready = json.loads(line)
    endpoint = Cloud(
        url=ready["url"],
        access_key_id=ready["accessKeyId"],
        secret_access_key=ready["secretAccessKey"],
        account_id=ready["accountId"],
        admin_token=ready["adminToken"],
    )
    return process, endpoint


def end_cloud(process: subprocess.Popen[str]) -> int:
    """End it as `ackpy up` does; the exit code."""
    process.terminate()
    try:
        return process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
    finally:
        _stdout(process).close()


def _stdout(process: subprocess.Popen[str]) -> IO[str]:
    if process.stdout is None:
        msg = "the process was started without a pipe"
        raise RuntimeError(msg)
    return process.stdout
