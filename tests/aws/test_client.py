import asyncio
import dataclasses
import traceback
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from ackpy.aws.budget import Clock, Ticket
from ackpy.aws.classify import Meaning, classify
from ackpy.aws.client import Client
from ackpy.aws.failures import InvalidRequest, NoAwsAnswer, NotAllowed, NotConnected
from ackpy.aws.metrics import Calls, Sent
from ackpy.aws.session import Options, Sessions, Target
from ackpy.errors import AwsApiError, AwsError, AwsUnreachable, DefinitionError
from ackpy.testing.aws_replies import HTML, Raw, ec2_error, json_error, query_error, s3_error
from ackpy.testing.clock import FakeClock
from ackpy.testing.scripted import Reply as Act
from ackpy.testing.scripted import ScriptedServer, drops, hangs, scripted_server

pytestmark = pytest.mark.slow

TAGS = "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>"
FLASK_404 = "<!doctype html>\n<html lang=en><title>404 Not Found</title><h1>Not Found</h1>"


def name(value: object) -> str:
    if isinstance(value, Raw):
        return f"{value.status}-{'cut' if value.cut else value.body[:30]}"
    return str(getattr(value, "__name__", value))


async def failure(client: Client, operation: str, /, **params: Any) -> AwsError:
    with pytest.raises(AwsError) as caught:
        await client.call(operation, **params)
    return caught.value


async def test_an_answer_is_a_plain_dict_without_metadata(s3: Client, server: ScriptedServer) -> None:
    server.script(Raw(TAGS))
    assert await s3.call("GetBucketTagging", Bucket="b") == {"TagSet": [{"Key": "a", "Value": "1"}]}
    assert [heard.path for heard in server.requests] == ["/b"]
    assert list(server.requests[0].query) == ["tagging"]


@dataclasses.dataclass(frozen=True)
class Protocol:
    """How one protocol says "not found"."""

    call: tuple[str, str, dict[str, Any]]
    reply: Raw
    codes: set[str]
    request_id: str


@pytest.mark.parametrize(
    "case",
    [
        Protocol(
            ("s3", "GetBucketTagging", {"Bucket": "b"}),
            s3_error("NoSuchTagSet", status=404),
            {"NoSuchTagSet"},
            "R1",
        ),
        Protocol(
            ("iam", "GetRole", {"RoleName": "r"}),
            query_error("NoSuchEntity", status=404),
            {"NoSuchEntity", "NoSuchEntityException"},
            "R2",
        ),
        Protocol(
            ("ec2", "DescribeVpcs", {}),
            ec2_error("InvalidVpcID.NotFound", status=400),
            {"InvalidVpcID.NotFound"},
            "R3",
        ),
        Protocol(
            ("ecr", "DescribeRepositories", {}),
            json_error("RepositoryNotFoundException", status=400, headers={"x-amzn-RequestId": "R4"}),
            {"RepositoryNotFoundException"},
            "R4",
        ),
    ],
    ids=lambda case: case.call[0],
)
async def test_each_protocols_errors(sessions: Sessions, server: ScriptedServer, case: Protocol) -> None:
    server.script(case.reply)
    service, operation, params = case.call
    error = await failure(await sessions.client(Target(service, "eu-central-1")), operation, **params)
    assert isinstance(error, AwsApiError)
    assert (error.service, error.operation, error.detail) == (service, operation, "text")
    assert (error.status, error.request_id) == (case.reply.status, case.request_id)
    assert set(error.codes) == case.codes
    assert str(error) == f"api error {error.code}: text"
    assert [classify(error, not_found=[code]).meaning for code in case.codes] == [Meaning.NOT_FOUND] * len(case.codes)


async def test_a_query_code_beside_the_shapes_name_is_among_the_codes(
    sessions: Sessions, server: ScriptedServer
) -> None:
    body = '{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no"}'
    header = {"x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender"}
    server.script(Raw(body, status=400, headers=header))
    error = await failure(await sessions.client(Target("sqs", "eu-central-1")), "GetQueueUrl", QueueName="q")
    assert isinstance(error, AwsApiError)
    assert {"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"} <= error.codes


async def test_head_without_a_body_has_its_status_for_a_code(s3: Client, server: ScriptedServer) -> None:
    server.script(Raw(status=404))
    error = await failure(s3, "HeadBucket", Bucket="b")
    assert classify(error, not_found=["404"]).meaning is Meaning.NOT_FOUND


async def test_a_200_that_holds_an_error_is_one(s3: Client, server: ScriptedServer) -> None:
    server.script(s3_error("InternalError", status=200))
    error = await failure(s3, "CreateBucket", Bucket="b")
    assert isinstance(error, AwsApiError)
    assert (error.code, classify(error).meaning) == ("InternalError", Meaning.AMBIGUOUS)


READS = [
    ("s3", "GetBucketTagging", {"Bucket": "b"}),
    ("ecr", "DescribeRepositories", {}),
    ("iam", "GetRole", {"RoleName": "r"}),
    ("ec2", "DescribeVpcs", {}),
]


@pytest.mark.parametrize(("service", "operation", "params"), READS)
@pytest.mark.parametrize(
    "reply",
    [
        Raw(FLASK_404, status=404, headers=HTML),
        Raw("<html><head><title>x</title></head></html>", status=404, headers=HTML),
        Raw(FLASK_404, status=200, headers=HTML),
        Raw("<html><b>boom</b></html>", status=500, headers=HTML),
        Raw("Internal Server Error", status=500, headers={"Content-Type": "text/plain"}),
        Raw("", status=500),
        Raw("", status=404),
        Raw("<h1>moved", status=302, headers={"Location": "https://elsewhere.invalid/"}),
        Raw('{"message": "nothing here"}', status=404),
        Raw('{"repositories": [', status=200, headers={"Content-Type": "application/x-amz-json-1.1"}),
    ],
    ids=lambda reply: f"{reply.status}-{reply.body[:12]!r}",
)
async def test_an_answer_that_is_not_awss_is_never_not_found_and_never_empty(
    sessions: Sessions, server: ScriptedServer, service: str, operation: str, params: dict[str, Any], reply: Raw
) -> None:
    server.script(*[reply] * 3)
    error = await failure(await sessions.client(Target(service, "eu-central-1")), operation, **params)
    assert isinstance(error, NoAwsAnswer)
    assert error.status == (500 if (service, reply.status) == ("s3", 200) else reply.status)  # botocore's rule for S3
    texts = [str(reply.status), "404", "", "UnknownError"]
    assert classify(error, not_found=texts, terminal=texts).meaning is Meaning.NOT_IMPLEMENTED


@pytest.mark.parametrize("code", ["NotImplemented", "SomethingElse"])
async def test_501_is_not_implemented_and_asked_once(s3: Client, server: ScriptedServer, code: str) -> None:
    server.script(s3_error(code, status=501))
    error = await failure(s3, "GetBucketTagging", Bucket="b")
    verdict = classify(error)
    assert (verdict.meaning, verdict.may_have_acted, len(server.requests)) == (Meaning.NOT_IMPLEMENTED, False, 1)


GOOD = Raw(TAGS)
THROTTLED = s3_error("SlowDown", status=503)
BROKEN = s3_error("InternalError", status=500)
PAGE_500 = Raw("<html>oops</html>", status=502, headers=HTML)


@pytest.mark.parametrize("trouble", [THROTTLED, BROKEN, PAGE_500, drops, Raw("<Tag", cut=True)], ids=name)
async def test_a_read_is_repeated_after_passing_trouble(
    s3: Client, server: ScriptedServer, calls: Calls, trouble: Act
) -> None:
    server.script(trouble, trouble, GOOD)
    assert await s3.call("GetBucketTagging", Bucket="b") == {"TagSet": [{"Key": "a", "Value": "1"}]}
    assert len(server.requests) == calls.count["s3", "GetBucketTagging"] == 3


@pytest.mark.parametrize("trouble", [THROTTLED, BROKEN, drops], ids=name)
async def test_no_more_than_three_times(s3: Client, server: ScriptedServer, trouble: Act) -> None:
    server.script(*[trouble] * 4)
    await failure(s3, "GetBucketTagging", Bucket="b")
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("trouble", "meaning"),
    [
        (BROKEN, Meaning.AMBIGUOUS),
        (PAGE_500, Meaning.NOT_IMPLEMENTED),
        (drops, Meaning.UNREACHABLE),
        (Raw("<Err", cut=True), Meaning.UNREACHABLE),
    ],
    ids=name,
)
@pytest.mark.parametrize("operation", ["CreateBucket", "DeleteBucket", "PutBucketTagging"])
async def test_a_write_that_may_have_acted_is_sent_once(
    s3: Client, server: ScriptedServer, operation: str, trouble: Act, meaning: Meaning
) -> None:
    server.script(trouble)
    tagging: dict[str, Any] = {"Tagging": {"TagSet": []}} if operation == "PutBucketTagging" else {}
    verdict = classify(await failure(s3, operation, Bucket="b", **tagging))
    assert (verdict.meaning, verdict.may_have_acted, len(server.requests)) == (meaning, True, 1)


async def test_a_write_on_a_kept_alive_connection_that_breaks_is_sent_once(s3: Client, server: ScriptedServer) -> None:
    server.script(Raw(), drops)
    await s3.call("DeleteBucket", Bucket="a")
    assert classify(await failure(s3, "DeleteBucket", Bucket="b")).may_have_acted
    assert [heard.path for heard in server.requests] == ["/a", "/b"]


async def test_a_throttled_write_has_not_acted_and_is_repeated(s3: Client, server: ScriptedServer) -> None:
    server.script(THROTTLED, Raw())
    assert "Location" not in await s3.call("CreateBucket", Bucket="b")
    assert len(server.requests) == 2


async def test_silence_ends_after_the_time_out(
    options: Options, calls: Calls, clock: Clock, server: ScriptedServer
) -> None:
    server.script(hangs)
    async with Sessions(dataclasses.replace(options, timeout=0.05, attempts=1), calls=calls, clock=clock) as sessions:
        client = await sessions.client(Target("s3", "eu-central-1"))
        error = await failure(client, "CreateBucket", Bucket="b")
    assert type(error) is AwsUnreachable
    assert classify(error).may_have_acted


async def test_a_refused_connection_has_not_acted(options: Options, calls: Calls, clock: Clock) -> None:
    async with scripted_server() as gone:
        url = gone.url
    async with Sessions(
        dataclasses.replace(options, endpoint_url=url, attempts=1), calls=calls, clock=clock
    ) as sessions:
        error = await failure(await sessions.client(Target("s3", "eu-central-1")), "CreateBucket", Bucket="b")
    assert isinstance(error, NotConnected)
    assert (classify(error).meaning, classify(error).may_have_acted) == (Meaning.UNREACHABLE, False)


@pytest.mark.parametrize("status", [301, 307])
async def test_a_bucket_elsewhere_is_an_error_and_nobody_follows(
    s3: Client, server: ScriptedServer, status: int
) -> None:
    headers = {"x-amz-bucket-region": "us-west-2", "Location": f"{server.url}/elsewhere"}
    server.script(s3_error("PermanentRedirect", "use the other endpoint", status=status, headers=headers))
    error = await failure(s3, "GetBucketTagging", Bucket="b")
    assert isinstance(error, AwsApiError)
    assert (error.status, error.code) == (status, "PermanentRedirect")
    server.script(Raw(TAGS))
    await s3.call("GetBucketTagging", Bucket="b")
    assert [heard.path for heard in server.requests] == ["/b", "/b"]
    assert all("/eu-central-1/s3/" in heard.headers["Authorization"] for heard in server.requests)


async def test_a_wrong_signing_region_is_an_error_too(s3: Client, server: ScriptedServer) -> None:
    body = "<Error><Code>AuthorizationHeaderMalformed</Code><Message>m</Message><Region>us-west-2</Region></Error>"
    server.script(Raw(body, status=400))
    error = await failure(s3, "GetBucketTagging", Bucket="b")
    assert isinstance(error, AwsApiError)
    assert (error.code, len(server.requests)) == ("AuthorizationHeaderMalformed", 1)


async def test_a_view_refuses_what_it_does_not_allow(s3: Client, server: ScriptedServer, calls: Calls) -> None:
    view = s3.allowing(["GetBucketTagging"])
    error = await failure(view, "DeleteBucket", Bucket="b")
    assert isinstance(error, NotAllowed)
    assert str(error) == "DeleteBucket is not allowed here"
    wider = view.allowing(["DeleteBucket", "GetBucketTagging"])
    assert isinstance(await failure(wider, "DeleteBucket", Bucket="b"), NotAllowed)
    with pytest.raises(NotAllowed):
        await view.paginate("ListBuckets", "Buckets")
    assert (server.requests, calls.count) == ([], {})
    server.script(GOOD)
    assert await wider.call("GetBucketTagging", Bucket="b")


async def test_what_the_model_forbids_is_refused_without_the_value(ecr: Client, server: ScriptedServer) -> None:
    error = await failure(ecr, "CreateRepository", repositoryName=["hunter2"], tags=[{"Valeu": "hunter2"}])
    assert isinstance(error, InvalidRequest)
    wrong = [
        "repositoryName must be str, found list",
        "tags[0] lacks Key, which AWS requires",
        "tags[0] has no member Valeu",
    ]
    assert all(each in str(error) for each in wrong)
    assert "hunter2" not in str(error)
    assert classify(error).meaning is Meaning.TERMINAL
    assert server.requests == []


async def test_what_botocores_own_handlers_refuse_comes_without_the_value(s3: Client, server: ScriptedServer) -> None:
    error = await failure(s3, "CreateBucket", Bucket='hun": ter2!')
    assert isinstance(error, InvalidRequest)
    assert "Bucket name must match the regex" in str(error)
    assert "ter2" not in str(error)
    assert server.requests == []


async def test_an_unknown_operation_is_a_definitions_error(ecr: Client) -> None:
    with pytest.raises(DefinitionError, match="ecr has no operation GetRepository"):
        await ecr.call("GetRepository")


async def test_no_trace_of_botocore_hangs_on_an_error(s3: Client, ecr: Client, server: ScriptedServer) -> None:
    server.script(s3_error("AccessDenied", status=403))
    for client, operation, params in (
        (s3, "GetBucketTagging", {"Bucket": "hunter2"}),
        (ecr, "CreateRepository", {"tags": "hunter2"}),
    ):
        error = await failure(client, operation, **params)
        text = "".join(traceback.format_exception(error))
        assert (error.__cause__, error.__context__) == (None, None)
        assert "botocore.exceptions" not in text
        assert "hunter2" not in text


async def test_sensitive_values_that_aws_echoes_are_masked(sessions: Sessions, server: ScriptedServer) -> None:
    server.script(query_error("InvalidParameterValue", "The password hunter2-is-long is not valid", status=400))
    iam = await sessions.client(Target("iam", "eu-central-1"))
    error = await failure(iam, "CreateLoginProfile", UserName="u", Password="hunter2-is-long")
    assert str(error) == "api error InvalidParameterValue: The password *** is not valid"


async def test_every_request_is_counted(
    s3: Client, server: ScriptedServer, calls: Calls, registry: CollectorRegistry
) -> None:
    server.script(THROTTLED, GOOD)
    await s3.call("GetBucketTagging", Bucket="b")
    server.script(s3_error("NoSuchBucket", status=404))
    await failure(s3, "DeleteBucket", Bucket="b")
    server.script(drops)
    await failure(s3, "CreateBucket", Bucket="b")
    assert dict(calls.count) == {("s3", "GetBucketTagging"): 2, ("s3", "DeleteBucket"): 1, ("s3", "CreateBucket"): 1}

    def errors(operation: str, status: int) -> float | None:
        labels = {"service": "s3", "op_id": operation, "status_code": str(status)}
        return registry.get_sample_value("ack_outbound_api_requests_error_total", labels)

    labels = {"service": "s3", "op_type": "READ_ONE", "op_id": "GetBucketTagging"}
    assert registry.get_sample_value("ack_outbound_api_requests_total", labels) == 2
    assert [errors("GetBucketTagging", 503), errors("DeleteBucket", 404), errors("CreateBucket", 0)] == [1, 1, 1]


async def test_a_listener_hears_of_each_request(s3: Client, server: ScriptedServer) -> None:
    heard: list[Sent] = []
    server.script(s3_error("InternalError", status=500), Raw(TAGS, headers={"x-amz-request-id": "R9"}))
    await s3.heard_by(heard.append).call("GetBucketTagging", Bucket="b")
    assert [(sent.operation, sent.status, sent.code, sent.request_id, sent.attempt, sent.failed) for sent in heard] == [
        ("GetBucketTagging", 500, "InternalError", "R1", 1, True),
        ("GetBucketTagging", 200, "", "R9", 2, False),
    ]


async def test_a_throttled_service_makes_the_next_calls_wait(
    options: Options, calls: Calls, server: ScriptedServer
) -> None:
    clock = FakeClock()
    server.script(s3_error("SlowDown", status=503), GOOD)
    async with Sessions(dataclasses.replace(options, attempts=1), calls=calls, clock=clock) as sessions:
        s3 = await sessions.client(Target("s3", "eu-central-1"))
        await failure(s3, "GetBucketTagging", Bucket="b")
        waiting = asyncio.ensure_future(s3.on_behalf(Ticket("team", 5)).call("GetBucketTagging", Bucket="b"))
        await clock.advance(0.0)
        assert len(server.requests) == 1
        await clock.advance(1.0)
        assert await waiting == {"TagSet": [{"Key": "a", "Value": "1"}]}


async def test_all_pages_are_read(ecr: Client, server: ScriptedServer) -> None:
    server.script(
        Raw('{"repositories": [{"repositoryName": "a"}, {"repositoryName": "b"}], "nextToken": "t1"}'),
        Raw('{"repositories": [], "nextToken": "t2"}'),
        Raw('{"repositories": [{"repositoryName": "c"}]}'),
    )
    found = await ecr.paginate("DescribeRepositories", "repositories", registryId="123456789012")
    assert [each["repositoryName"] for each in found] == ["a", "b", "c"]
    assert [heard.json().get("nextToken") for heard in server.requests] == [None, "t1", "t2"]
    assert all(heard.json()["registryId"] == "123456789012" for heard in server.requests)


async def test_pages_that_botocore_does_not_know_are_followed(s3: Client, server: ScriptedServer) -> None:
    def page(name: str, more: str) -> Raw:
        entry = f"<AnalyticsConfiguration><Id>{name}</Id></AnalyticsConfiguration>"
        return Raw(f"<ListBucketAnalyticsConfigurationResult>{entry}{more}</ListBucketAnalyticsConfigurationResult>")

    server.script(page("a", "<NextContinuationToken>t1</NextContinuationToken>"), page("b", ""))
    found = await s3.paginate("ListBucketAnalyticsConfigurations", "AnalyticsConfigurationList", Bucket="b")
    assert [each["Id"] for each in found] == ["a", "b"]
    assert server.requests[1].query["continuation-token"] == "t1"


async def test_a_page_token_that_repeats_ends_in_an_error(ecr: Client, server: ScriptedServer) -> None:
    server.script(*[Raw('{"repositories": [], "nextToken": "t1"}')] * 3)
    with pytest.raises(NoAwsAnswer, match="the token of the next page"):
        await ecr.paginate("DescribeRepositories", "repositories")


async def test_so_do_page_tokens_that_go_round_in_a_circle(ecr: Client, server: ScriptedServer) -> None:
    server.script(*[Raw(f'{{"repositories": [], "nextToken": "{token}"}}') for token in ("t1", "t2", "t1", "t2")])
    with pytest.raises(NoAwsAnswer, match="the token of the next page"):
        await ecr.paginate("DescribeRepositories", "repositories")
    assert len(server.requests) == 3


async def test_an_operation_without_pages_can_be_listed_too(s3: Client, server: ScriptedServer) -> None:
    server.script(GOOD)
    assert await s3.paginate("GetBucketTagging", "TagSet", Bucket="b") == [{"Key": "a", "Value": "1"}]


async def test_a_stream_is_read_to_its_end(s3: Client, server: ScriptedServer) -> None:
    server.script(Raw("<html>an object</html>", headers=HTML))
    assert (await s3.call("GetObject", Bucket="b", Key="k"))["Body"] == b"<html>an object</html>"
