"""Sections 7.1 to 7.3 of the contract: what follows a pass, and when the next one is due; `test_07_writes` has the rest."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.contract.buckets import LOOK, owned, shown
from tests.contract.passes import DENIED, EVERY_SECOND, passes, until_called, until_passes, waits

from ackpy.errors import ConfigError
from ackpy.kube.objects import finalizers_of
from ackpy.testing.stage import RESOURCES, Stage, ack, bucket, conditions, repository, rule

pytestmark = pytest.mark.slow

RULES = {
    "7.1-1": "synced: the next pass is due after the resync period",
    "7.1-2": "no error and not synced: the next pass is due after 30 s at most",
    "7.1-3": "no error and no object: nothing is due",
    "7.1-4": "terminal: neither a retry nor a resync, until somebody edits the object or the controller restarts",
    "7.1-5": "requeue after d: due after d, the back-off forgotten, no error in the log",
    "7.1-6": "requeue: due after the back-off, no error in the log",
    "7.1-7": "any other error: logged, counted, due after the back-off",
    "7.1-8": "a FieldExport that can never be: not tried again, and no error in the log",
    "7.1-9": "throttling: the call is repeated in the pass, then it is Recoverable, with back-off",
    "7.1-10": "another region or account than the resource's",
    "7.2-1": "the back-off of an object doubles up to 1,000 s",
    "7.2-2": "a success, and a requeue after d, forget the back-off",
    "7.2-3": "what is there at the start has low priority",
    "7.2-4": "timers and retries have their own priority",
    "7.2-5": "passes of a kind at a time",
    "7.3-1": "the resync period of the kind's flag goes first",
    "7.3-2": "then the kind's own period",
    "7.3-3": "then --reconcile-default-resync-seconds",
    "7.3-4": "then ten hours",
    "7.3-5": "timers live in memory: a restart looks at everything",
}

UNCOVERED = {
    "7.1-2": "S3 and ECR have no state to wait for; half a second, doubling up to the kind's interval, is held by "
    "tests/controllers/test_states.py::test_looks_at_a_busy_resource_grow_rarer_up_to_the_kinds_interval",
    "7.2-4": "held with a clock by "
    "tests/runtime/test_workqueue.py::test_a_fresh_edit_goes_before_a_resync_with_room_between",
    "7.3-2": "no kind of S3 or ECR has a period of its own, and the definitions have no word for one",
    "7.3-4": "too long to wait for; the value is held by tests/controllers/test_options.py::test_a_resync_of_zero_is_ten_hours, how a "
    "period is kept by tests/runtime/test_controller.py::test_resyncs_come_within_the_period_and_not_together",
}

NOW = "ackpy.services.k8s.aws/reconcile-now"


async def witnessed(stage: Stage) -> None:
    """Wait until an object of another kind, made now, has been looked at again by two resyncs."""
    stage.aws("ecr").create_repository(repositoryName="witness")
    await stage.apply(repository("witness", annotations=ack(read_only="true")))
    await stage.until_synced("repository/witness")
    await until_called(stage, "DescribeRepositories", 2, stage.last_call())


# 7.1, from the outcome to the queue


@rule("7.1-1", "a synced object is looked at again when the resync period is over, by one read and no write")
async def test_a_resync_comes(stage: Stage) -> None:
    await stage.start(EVERY_SECOND, services=("s3",))
    await stage.until_synced(what := await shown(stage))
    since = stage.last_call()
    async with stage.history(what) as told:
        await until_called(stage, LOOK, 2, since)
    assert told == []
    assert set(stage.operations(since)) == {LOOK}


@rule("7.1-3", "a deleted object is not looked at any more, at no resync")
async def test_a_deleted_object_is_done_with(stage: Stage) -> None:
    await stage.start(EVERY_SECOND)
    await stage.until_synced(what := await shown(stage))
    await stage.delete(what)
    await stage.until_gone(what)
    since = stage.last_call()
    await witnessed(stage)
    assert LOOK not in stage.operations(since)


@rule("7.1-4", "a terminal object is not tried again at the resync period, while others are looked at")
async def test_terminal_is_not_resynced(stage: Stage) -> None:
    stage.fault(act="error", operation="CreateBucket", status=400, code="InvalidBucketName", message="no", times=0)
    await stage.start(EVERY_SECOND)
    await stage.apply(bucket(stage.namespace))
    await stage.until_condition(f"bucket/{stage.namespace}", "ACK.Terminal")
    await witnessed(stage)
    assert stage.operations().count(LOOK) == stage.operations().count("CreateBucket") == 1


EDITS = [
    pytest.param(
        {"spec": {"versioning": {"status": "Enabled"}}},
        id="spec",
        marks=rule("7.1-4", "an edit of the spec ends the wait of a terminal object at once"),
    ),
    pytest.param(
        {"metadata": {"annotations": {"example.com/ticket": "42"}}},
        id="annotation",
        marks=rule("7.1-4", "an edit of an annotation ends it too, where ACK does not see one"),
    ),
]


@pytest.mark.parametrize("edit", EDITS)
async def test_an_edit_tries_terminal_again(stage: Stage, edit: dict[str, Any]) -> None:
    stage.fault(act="error", operation="CreateBucket", status=400, code="InvalidBucketName", message="no")
    await stage.start(services=("s3",))
    await stage.apply(bucket(stage.namespace))
    await stage.until_condition(what := f"bucket/{stage.namespace}", "ACK.Terminal")
    await stage.patch(what, edit)
    obj = await stage.until_synced(what)
    assert "ACK.Terminal" not in conditions(obj)


@rule("7.1-4", "a restart of the controller tries a terminal object again")
async def test_a_restart_tries_terminal_again(stage: Stage) -> None:
    stage.fault(act="error", operation="CreateBucket", status=400, code="InvalidBucketName", message="no")
    await stage.start(services=("s3",))
    await stage.apply(bucket(stage.namespace))
    await stage.until_condition(what := f"bucket/{stage.namespace}", "ACK.Terminal")
    await stage.stop()
    await stage.start(services=("s3",))
    await stage.until_synced(what)


@rule(
    "7.1-4",
    "Event and not the condition says when a terminal object is tried again: after ten minutes, where ACK never does",
)
async def test_terminal_is_tried_slowly(stage: Stage) -> None:
    stage.fault(act="error", operation="CreateBucket", status=400, code="InvalidBucketName", message="no")
    await stage.start(services=("s3",))
    await stage.apply(bucket(stage.namespace))
    obj = await stage.until_condition(what := f"bucket/{stage.namespace}", "ACK.Terminal")
    event = await stage.until_event(what, "Refused")
    assert event["message"].endswith("(tried again in 600 s, and at once after an edit)")
    assert conditions(obj)["ACK.Terminal"]["message"] == "api error InvalidBucketName: no"


@rule("7.1-5", "what AWS asks to be tried again in five seconds is due then: counted as such, and no error in the log")
async def test_requeue_after(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.fault(act="error", operation="CreateBucket", status=409, code="OperationAborted", message="busy")
    await stage.start(stage.metered(), services=("s3",))
    await stage.apply(bucket(stage.namespace))
    await stage.until_condition(what := f"bucket/{stage.namespace}", "ACK.Recoverable")
    event = await stage.until_event(what, "Failed")
    assert event["message"].endswith("(tried again in 5 s, and at once after an edit)")
    await until_passes(stage, "requeue_after", 1)
    assert await passes(stage, "error") == 0
    assert waits(caplog) == []


@rule(
    "7.1-6", "an object that waits for something to adopt comes back with back-off, and no error is logged or counted"
)
async def test_requeue(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    await stage.start(stage.metered(), services=("s3",))
    fields = json.dumps({"name": stage.namespace})
    await stage.apply(bucket(stage.namespace, annotations=ack(adoption_policy="adopt", adoption_fields=fields)))
    await until_passes(stage, "requeue", 2)
    assert await passes(stage, "error") == 0
    assert await stage.metric("workqueue_retries_total", controller="bucket") >= 2
    assert waits(caplog) == []


@rule("7.1-7", "an error is logged and counted once, and tried again soon")
async def test_an_error(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.fault(operation=LOOK, **DENIED)
    await stage.start(stage.metered(), services=("s3",))
    await stage.apply(bucket(stage.namespace))
    await stage.until_synced(f"bucket/{stage.namespace}")
    assert await passes(stage, "error") == 1
    assert await stage.metric("controller_runtime_reconcile_errors_total", controller="bucket") == 1
    assert await stage.metric("workqueue_retries_total", controller="bucket") == 1
    assert [number for number, _ in waits(caplog)] == [1]


@rule("7.1-8", "a FieldExport that nobody may carry out is Terminal after one pass, which is no error")
async def test_a_field_export_that_can_never_be(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    await stage.start(stage.metered(), "--enable-cross-namespace=false", services=("s3",))
    resource = {"group": "s3.services.k8s.aws", "kind": "Bucket", "name": "any"}
    await stage.apply(
        {
            **RESOURCES["fieldexport"].type_meta,
            "metadata": {"name": "denied"},
            "spec": {
                "from": {"path": ".spec.name", "resource": resource},
                "to": {"kind": "configmap", "name": "there", "namespace": "default"},
            },
        }
    )
    await stage.until_condition("fieldexport/denied", "ACK.Terminal")
    await stage.quiet("fieldexport/denied")
    assert await passes(stage, "error", "fieldexport") == await passes(stage, "requeue", "fieldexport") == 0
    assert waits(caplog) == []


@rule("7.1-9", "a throttled call is repeated in the same pass: no condition tells of it, and it is made once")
async def test_throttled_once(stage: Stage) -> None:
    stage.fault(act="error", operation="CreateBucket", status=503, code="SlowDown", message="slower")
    await stage.start(stage.metered(), services=("s3",))
    async with stage.history(what := f"bucket/{stage.namespace}") as told:
        await stage.apply(bucket(stage.namespace))
        await stage.until_synced(what)
    assert stage.operations()[:3] == [LOOK, "CreateBucket", "CreateBucket"]
    assert not any("ACK.Recoverable" in conditions(each) for each in told)
    assert await passes(stage, "error") == 0


@rule("7.1-9", "throttling that goes on is Recoverable with AWS's text, and its Event names the operation")
async def test_throttled_for_long(stage: Stage) -> None:
    stage.fault(act="error", operation="CreateBucket", status=503, code="SlowDown", message="slower", times=0)
    await stage.start(services=("s3",))
    await stage.apply(bucket(stage.namespace))
    obj = await stage.until_condition(what := f"bucket/{stage.namespace}", "ACK.Recoverable")
    assert conditions(obj)["ACK.Recoverable"]["message"] == "api error SlowDown: slower"
    assert stage.operations()[:4] == [LOOK, *["CreateBucket"] * 3], "three attempts in a pass, as the SDK makes"
    event = await stage.until_event(what, "Throttled")
    assert "AWS accepts no more CreateBucket for now; it is tried again by itself" in event["message"]


@rule("7.1-9", "a write that ended in a 5xx is not repeated blindly, as the SDK does: the next pass looks first")
async def test_a_failed_write_is_looked_at(stage: Stage) -> None:
    stage.fault(act="error", operation="CreateBucket", status=500, code="InternalError", message="oops")
    await stage.start(services=("s3",))
    await stage.apply(bucket(stage.namespace))
    await stage.until_synced(f"bucket/{stage.namespace}")
    assert stage.operations()[:4] == [LOOK, "CreateBucket", LOOK, "CreateBucket"]


@rule(
    "7.1-10", "another region than the resource's is Terminal and names both, where ACK tries for ever without a word"
)
async def test_another_region(stage: Stage) -> None:
    await stage.start(services=("s3",))
    what = await owned(stage)
    since = stage.last_call()
    await stage.annotate(what, ack(region="eu-west-1"))
    obj = await stage.until_condition(what, "ACK.Terminal")
    said = "the resource is in region us-east-1, the annotation services.k8s.aws/region says eu-west-1"
    assert conditions(obj)["ACK.Terminal"]["message"] == said
    await stage.quiet(what)
    assert stage.operations(since) == []


# 7.2, back-off, priorities, workers


@rule("7.2-1", "the second try comes after half a second to a second, not after 5 ms, and the wait doubles")
async def test_back_off(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.fault(operation=LOOK, **DENIED, times=0)
    await stage.start(services=("s3",))
    await stage.apply(bucket(stage.namespace))

    async def twice() -> bool:
        return len(waits(caplog)) >= 2

    await stage.wait(twice, "two failed passes")
    (first, soon), (second, later), *_ = waits(caplog)
    assert (first, second) == (1, 2)
    assert 0.5 <= soon <= 1.0
    assert 1.0 <= later <= 2.0


@rule("7.2-2", "a pass that succeeds forgets the back-off: the next failure is the first again")
async def test_success_forgets(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.fault(operation=LOOK, **DENIED)
    await stage.start(services=("s3",))
    await stage.until_synced(what := await shown(stage))
    stage.fault(operation=LOOK, **DENIED)
    await stage.annotate(what, {NOW: "1"})

    async def failed_again() -> bool:
        return len(waits(caplog)) >= 2

    await stage.wait(failed_again, "another failed pass")
    assert [number for number, _ in waits(caplog)] == [1, 1]


@rule("7.2-3", "what is there at the start waits behind an edit")
async def test_an_edit_goes_first(stage: Stage) -> None:
    names = [await shown(stage, suffix) for suffix in ("a", "b", "c", "d")]
    stage.fault(act="delay", operation=LOOK, seconds=1.5)
    await stage.start("--reconcile-default-max-concurrent-syncs=1", services=("s3",))
    await stage.annotate(names[-1], {NOW: "1"})
    done = [await stage.until_synced(each) for each in names]
    order = sorted(done, key=lambda obj: int(obj["metadata"]["resourceVersion"]))
    assert f"bucket/{order[1]['metadata']['name']}" == names[-1], "next after the one whose pass was under way"


async def slow_and_fast(stage: Stage, **slowness: Any) -> tuple[str, str]:
    """Two buckets, the second made while AWS takes its time for the first."""
    stage.fault(operation="CreateBucket", **slowness)
    slow, fast = (f"{stage.namespace}-{each}" for each in ("slow", "fast"))
    await stage.apply(bucket(slow))
    await stage.until(f"bucket/{slow}", finalizers_of)
    await stage.apply(bucket(fast))
    return f"bucket/{slow}", f"bucket/{fast}"


@rule("7.2-5", "unless somebody says otherwise a slow call holds nobody else up, where ACK makes one pass at a time")
async def test_eight_at_a_time(stage: Stage) -> None:
    await stage.start(stage.metered(), services=("s3",))
    assert await stage.metric("controller_runtime_max_concurrent_reconciles", controller="bucket") == 8
    slow, fast = await slow_and_fast(stage, act="hang")
    await stage.until_synced(fast)
    assert "status" not in await stage.get(slow)
    await stage.kill()


CONCURRENCY = [
    pytest.param(
        ("--reconcile-default-max-concurrent-syncs=1",),
        id="default",
        marks=rule("7.2-5", "--reconcile-default-max-concurrent-syncs=1 makes one pass at a time, as ACK does"),
    ),
    pytest.param(
        ("--reconcile-default-max-concurrent-syncs=4", "--reconcile-resource-max-concurrent-syncs=Bucket=1"),
        id="kind",
        marks=rule("7.2-5", "--reconcile-resource-max-concurrent-syncs of the kind goes before the default"),
    ),
]


@pytest.mark.parametrize("flags", CONCURRENCY)
async def test_one_at_a_time(stage: Stage, flags: tuple[str, ...]) -> None:
    await stage.start(*flags, services=("s3",))
    slow, fast = await slow_and_fast(stage, act="delay", seconds=1.0)
    await stage.until_synced(fast)
    assert "status" in await stage.get(slow)


# 7.3, the resync period


@rule("7.3-1", "the kind's own --reconcile-resource-resync-seconds goes before a longer default")
async def test_the_kinds_period(stage: Stage) -> None:
    flags = ("--reconcile-default-resync-seconds=3600", "--reconcile-resource-resync-seconds=Bucket=1")
    await stage.start(*flags, services=("s3",))
    await stage.until_synced(await shown(stage))
    await until_called(stage, LOOK, 1, stage.last_call())


@rule("7.3-1", "and before a shorter one: the other kinds keep the default")
async def test_the_kinds_longer_period(stage: Stage) -> None:
    await stage.start(EVERY_SECOND, "--reconcile-resource-resync-seconds=Bucket=3600")
    await stage.until_synced(await shown(stage))
    since = stage.last_call()
    await witnessed(stage)
    assert LOOK not in stage.operations(since)


@rule("7.3-1", "a kind in another case is refused at the start, with the name that was meant")
async def test_the_kind_is_spelled_as_it_is(stage: Stage) -> None:
    with pytest.raises(ConfigError, match=r"--reconcile-resource-resync-seconds: .*'bucket'; did you mean Bucket\?"):
        await stage.start("--reconcile-resource-resync-seconds=bucket=1", services=("s3",))


@rule("7.3-3", "--reconcile-default-resync-seconds holds for every kind that nobody names, and drift is found by it")
async def test_the_default_period(stage: Stage) -> None:
    await stage.start(EVERY_SECOND, services=("s3",))
    await owned(stage, versioning={"status": "Enabled"})
    since = stage.last_call()
    s3 = stage.aws("s3")
    s3.put_bucket_versioning(Bucket=stage.namespace, VersioningConfiguration={"Status": "Suspended"})
    await until_called(stage, "PutBucketVersioning", 2, since)
    assert s3.get_bucket_versioning(Bucket=stage.namespace)["Status"] == "Enabled"


@rule("7.3-5", "after a restart every object is looked at once, and none is written")
async def test_a_restart_looks_at_everything(stage: Stage) -> None:
    await stage.start(services=("s3",))
    names = [await shown(stage, suffix) for suffix in ("a", "b", "c")]
    before = [(await stage.until_synced(each))["metadata"]["resourceVersion"] for each in names]
    await stage.stop()
    since = stage.last_call()
    await stage.start(services=("s3",))
    await until_called(stage, LOOK, 3, since)
    await stage.quiet(*names)
    assert stage.operations(since) == [LOOK] * 3
    assert [(await stage.get(each))["metadata"]["resourceVersion"] for each in names] == before
