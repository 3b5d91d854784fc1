"""`ackpy up`: a data folder -> a cluster, an AWS and the controllers that serve together, as three supervised child processes.

They end with their supervisor; one that ends by itself ends the stack, with its name and last log lines. Called by the `up` and
`demo` commands and by tests.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ackpy.errors import ConfigError, StackError
from ackpy.local.child import Child, start
from ackpy.local.folder import DataFolder
from ackpy.local.install import install

START_SECONDS = 60.0
AWS_SETTINGS = (
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StackOptions:
    """What to start. `port` and `aws_port` 0 take free ones; `controller_flags` are arguments of `ackpy run`.

    `aws` False leaves AWS to the environment (AWS_ENDPOINT_URL, or the real one). For `pending` seconds the embedded AWS shows what
    AWS takes minutes to make as being made.
    """

    data: Path
    services: tuple[str, ...]
    region: str
    port: int = 0
    aws_port: int = 0
    kubeconfig: Path | None = None
    aws: bool = True
    pending: float = 0.0
    controllers: bool = True
    controller_flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stack:
    """A running stack: `environment` is what a client of it needs (KUBECONFIG, AWS_ENDPOINT_URL, test credentials)."""

    cluster_url: str
    aws_url: str
    account: str
    environment: Mapping[str, str] = field(repr=False)
    aws_admin_token: str = field(repr=False)
    children: tuple[Child, ...]

    async def ended(self) -> StackError:
        """Wait until one of the processes ends: the error that names it."""
        waiting = [asyncio.ensure_future(child.ended()) for child in self.children]
        try:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            return next(iter(done)).result()
        finally:
            for task in waiting:
                task.cancel()


@asynccontextmanager
async def running(options: StackOptions) -> AsyncIterator[Stack]:
    """A stack that serves inside the block, and whose processes have ended after it.

    ConfigError: a folder in use, a taken port, corrupt data. StackError: a process did not start.
    """
    folder = DataFolder(options.data.absolute())
    async with AsyncExitStack() as held:
        held.enter_context(folder.locked())
        cluster = await _start_cluster(folder, options, held)
        kubeconfig = Path(cluster.announced["kubeconfig"])
        cloud = await _start_cloud(folder, options, held) if options.aws else None
        environment = _environment(kubeconfig, cloud, options.region)
        await install(kubeconfig, options.services)
        children = [child for child in (cluster, cloud) if child is not None]
        if options.controllers:
            command = controllers_command(options, environment)
            children.append(await _start("controllers", folder.log("controllers"), *command, held))
        yield Stack(
            cluster_url=cluster.announced["url"],
            aws_url=cloud.announced["url"] if cloud else os.environ.get("AWS_ENDPOINT_URL", ""),
            account=cloud.announced["accountId"] if cloud else "",
            environment=environment,
            aws_admin_token=cloud.announced["adminToken"] if cloud else "",
            children=tuple(children),
        )


async def _start_cluster(folder: DataFolder, options: StackOptions, held: AsyncExitStack) -> Child:
    kubeconfig = (options.kubeconfig or folder.kubeconfig).absolute()
    arguments = [
        "-m",
        "ackpy.local.apiserver",
        "--data",
        str(folder.cluster),
        "--port",
        str(options.port),
        "--kubeconfig",
        str(kubeconfig),
        *_ends_with_us(),
    ]
    return await _start("API server", folder.log("apiserver"), arguments, os.environ, held)


async def _start_cloud(folder: DataFolder, options: StackOptions, held: AsyncExitStack) -> Child:
    arguments = [
        "-m",
        "ackpy.local.cloud",
        "--data",
        str(folder.cloud),
        "--port",
        str(options.aws_port),
        "--region",
        options.region,
        "--pending",
        str(options.pending),
        *_ends_with_us(),
    ]
    try:
        return await _start("embedded AWS", folder.log("aws"), arguments, os.environ, held)
    except ConfigError as error:
        raise ConfigError(str(error).replace("--port", "--aws-port")) from error  # its flag, as the user knows it


def controllers_command(options: StackOptions, environment: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """The arguments of Python, and the environment, that run the controllers of a stack whose own `environment` is given."""
    arguments = [
        "-m",
        "ackpy",
        "run",
        f"--services={','.join(options.services)}",
        f"--aws-region={options.region}",
        "--metrics-addr=0",
        "--healthz-addr=0",
        "--allow-unsafe-aws-endpoint-urls=true",
        *options.controller_flags,
        *_ends_with_us(),
    ]
    inherited = {name: value for name, value in os.environ.items() if not options.aws or name not in AWS_SETTINGS}
    return arguments, {**inherited, **environment}


def _ends_with_us() -> tuple[str, str]:
    """What ties a child to this process."""
    return "--parent-pid", str(os.getpid())


async def _start(
    name: str, log: Path, arguments: list[str], environment: Mapping[str, str], held: AsyncExitStack
) -> Child:
    child = await start(name, arguments, environment=environment, log=log, timeout=START_SECONDS)
    held.push_async_callback(child.stop)
    return child


def _environment(kubeconfig: Path, cloud: Child | None, region: str) -> dict[str, str]:
    environment = {"KUBECONFIG": str(kubeconfig), "AWS_REGION": region}
    if cloud is not None:
        environment |= {
            "AWS_ENDPOINT_URL": cloud.announced["url"],
            "AWS_ACCESS_KEY_ID": cloud.announced["accessKeyId"],
            "AWS_SECRET_ACCESS_KEY": cloud.announced["secretAccessKey"],
        }
    return environment
