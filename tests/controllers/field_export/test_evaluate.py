"""From spec.from.path and an object to a text, jq and its limits included."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ackpy.controllers.field_export import jq
from ackpy.controllers.field_export.evaluate import evaluate, unacceptable
from ackpy.controllers.field_export.faults import PATH_ABSENT, Fault, Gravity

OBJECT = {
    "metadata": {"name": "b"},
    "spec": {"tags": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}], "size": 3, "big": 2**62},
    "status": {"arn": "arn:aws:s3:::b", "on": True, "half": 0.5},
}
needs_jq = pytest.mark.skipif(importlib.util.find_spec("jq") is None, reason="skipped: no jq")


@needs_jq
@pytest.mark.slow  # starts processes
@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ('.spec.tags[] | select(.key == "b") | .value', "2"),
        ('.status.arn | split(":")[-1]', "b"),
        ('"\\(.metadata.name)-\\(.spec.size)"', "b-3"),
        (".spec.size + 1", "4"),
        (".spec.big | .", str(2**62)),
        (".spec.size == 3", "true"),
        ('.status.none // "fallback"', "fallback"),
        (".spec.tags | length", "2"),
        ("first(.spec.tags[].value)", "1"),
        (".spec.tags[].value", "1"),
        ('{env: "x"}.env', "x"),
        ('"env"', "env"),
        ('@base64 "\\(.metadata.name)"', "Yg=="),
    ],
)
async def test_an_expression(expression: str, text: str) -> None:
    assert await evaluate(expression, OBJECT) == text


@needs_jq
@pytest.mark.slow
@pytest.mark.parametrize(
    "expression", ["empty", ".spec.tags[]", ".spec | tojson | fromjson", ".status.half + 0", "null, 1"]
)
async def test_an_expression_without_a_text(expression: str) -> None:
    assert await evaluate(expression, OBJECT) is PATH_ABSENT


@needs_jq
@pytest.mark.slow
@pytest.mark.parametrize(
    ("expression", "message", "advice"),
    [
        (".a b", "unable to parse path", "it is no jq expression"),
        ("nothing(.a)", "unable to parse path", "it is no jq expression"),
        (".status.arn | .x", "unable to execute query", "jq fails on this object"),
        ('error("arn:aws:s3:::b")', "unable to execute query", "jq fails on this object"),
        ('"x" * 70000', "unable to execute query", "its result is larger than 64 KB"),
        ("[range(1e8)]", "unable to execute query", "it took more than"),
        ("def f: [f]; f", "unable to execute query", "it took more than"),
        ("last(range(1e12))", "unable to execute query", "it took more than"),
        ('[limit(1e9; repeat("x"))] | add', "unable to execute query", "it took more than"),
    ],
)
async def test_an_expression_that_fails(expression: str, message: str, advice: str) -> None:
    started = time.monotonic()
    fault = await evaluate(expression, OBJECT)
    assert isinstance(fault, Fault)
    assert (fault.message, fault.gravity, fault.retry) == (message, Gravity.TERMINAL, False)
    assert advice in fault.advice
    assert "arn:" not in fault.advice  # jq's own text would quote it
    assert time.monotonic() - started < 3 * jq._WALL_SECONDS  # it ended; a busy machine takes its time to say so


@needs_jq
@pytest.mark.slow
async def test_the_process_has_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were a word overlooked, there would be nothing to tell: jq is asked past the check."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "tweet-tweet")
    assert "AWS_SECRET_ACCESS_KEY" not in await jq.first("env | keys | tojson", {})
    assert "tweet-tweet" not in str(await jq.first("$ENV", {}))


@needs_jq
@pytest.mark.slow
async def test_the_process_opens_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text('"tweet-tweet"')
    with pytest.raises(jq.JqFailed):
        await jq.first(f'import "secret" as $x {{search: "{tmp_path}"}}; $x', {})


@needs_jq
@pytest.mark.slow
async def test_a_child_that_says_too_much_is_not_listened_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    child = tmp_path / "child.py"
    child.write_text("import sys\nwhile True: sys.stdout.write('x' * 4096)")
    monkeypatch.setattr(jq, "_CHILD", child)
    with pytest.raises(jq.JqFailed, match="64 KB"):
        await jq.first(".", {})


@pytest.mark.slow
async def test_a_child_that_never_answers_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    child, pid = tmp_path / "child.py", tmp_path / "pid"
    child.write_text(f"import os, time\nopen({str(pid)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)")
    monkeypatch.setattr(jq, "_CHILD", child)
    monkeypatch.setattr(jq, "_WALL_SECONDS", 1.0)
    with pytest.raises(jq.JqFailed, match="was ended"):
        await jq.first(".", {"big": "x" * 1_000_000})
    if pid.exists():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)


@pytest.mark.slow
async def test_a_pass_that_is_cancelled_leaves_no_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    child = tmp_path / "child.py"
    child.write_text("import time\ntime.sleep(600)")
    monkeypatch.setattr(jq, "_CHILD", child)
    started: asyncio.Future[asyncio.subprocess.Process] = asyncio.get_running_loop().create_future()
    start = asyncio.create_subprocess_exec

    async def noted(*arguments: Any, **options: Any) -> asyncio.subprocess.Process:
        process = await start(*arguments, **options)
        started.set_result(process)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    task = asyncio.create_task(jq.first(".", {}))
    process = await started
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert process.returncode == -9


@pytest.mark.parametrize(
    ("expression", "advice"),
    [
        ("env.HOME", "env: an expression may use nothing but the object"),
        ("$ENV | inputs", "ENV, inputs: an expression"),
        ("  ", "it is empty"),
        (".a # comment", "comments are not accepted"),
        ('"', "a text is not closed"),
    ],
)
async def test_what_is_refused_before_anything_runs(
    expression: str, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: Any, **__: Any) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(asyncio, "create_subprocess_exec", never)
    fault = await evaluate(expression, OBJECT)
    assert isinstance(fault, Fault)
    assert (fault.message, fault.gravity) == ("unable to parse path", Gravity.TERMINAL)
    assert advice in fault.advice


async def test_without_jq_a_path_works_and_an_expression_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jq", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert await evaluate(".status.arn", OBJECT) == "arn:aws:s3:::b"
    fault = unacceptable(".spec.tags | length")
    assert fault is not None
    assert "ackpy[jq]" in fault.advice
    assert fault.gravity is Gravity.TERMINAL
