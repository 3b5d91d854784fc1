import pytest

from ackpy.aws import classify as module
from ackpy.aws.classify import Meaning, Verdict, classify, codes, is_transient, matches, may_have_acted
from ackpy.aws.failures import InvalidRequest, NoAwsAnswer, NoCredentials, NotAllowed, NotConnected
from ackpy.errors import AwsApiError, AwsError, AwsUnreachable


def api(
    code: str, status: int = 400, *, operation: str = "PutBucketTagging", detail: str = "text", more: str = ""
) -> AwsApiError:
    names = frozenset({code, more} - {""})
    return AwsApiError(
        service="s3", operation=operation, code=code, detail=detail, status=status, codes=names, request_id=""
    )


def other(kind: type[AwsError], operation: str = "PutBucketTagging") -> AwsError:
    return kind("text", service="s3", operation=operation)


def page(status: int, operation: str = "PutBucketTagging") -> NoAwsAnswer:
    return NoAwsAnswer("text", service="s3", operation=operation, status=status)


@pytest.mark.parametrize(
    ("error", "meaning", "acted"),
    [
        (api("NoSuchBucket", 404), Meaning.RECOVERABLE, False),
        (api("404", 404), Meaning.RECOVERABLE, False),
        (api("Throttling"), Meaning.THROTTLED, False),
        (api("ThrottlingException"), Meaning.THROTTLED, False),
        (api("SlowDown", 503), Meaning.THROTTLED, False),
        (api("Whatever", 429), Meaning.THROTTLED, False),
        (api("LimitExceededException"), Meaning.RECOVERABLE, False),
        (api("InternalError", 500), Meaning.AMBIGUOUS, True),
        (api("ServiceUnavailable", 503), Meaning.AMBIGUOUS, True),
        (api("InternalError", 500, operation="GetBucketTagging"), Meaning.RECOVERABLE, False),
        (api("AccessDenied", 403), Meaning.DENIED, False),
        (api("UnauthorizedOperation", 403), Meaning.DENIED, False),
        (api("403", 403, operation="HeadBucket"), Meaning.DENIED, False),
        (api("ExpiredToken"), Meaning.CREDENTIALS, False),
        (api("SignatureDoesNotMatch", 403), Meaning.CREDENTIALS, False),
        (api("NotImplemented", 501), Meaning.NOT_IMPLEMENTED, False),
        (api("Whatever", 501), Meaning.NOT_IMPLEMENTED, False),
        (api("PermanentRedirect", 301), Meaning.RECOVERABLE, False),
        (api("OperationAborted", 409), Meaning.RECOVERABLE, False),
        (other(AwsUnreachable), Meaning.UNREACHABLE, True),
        (other(AwsUnreachable, "GetBucketTagging"), Meaning.UNREACHABLE, False),
        (other(NotConnected), Meaning.UNREACHABLE, False),
        (other(NoCredentials), Meaning.CREDENTIALS, False),
        (other(InvalidRequest), Meaning.TERMINAL, False),
        (other(NotAllowed), Meaning.RECOVERABLE, False),
        (page(404), Meaning.NOT_IMPLEMENTED, False),
        (page(501), Meaning.NOT_IMPLEMENTED, False),
        (page(500), Meaning.NOT_IMPLEMENTED, True),
        (page(200), Meaning.NOT_IMPLEMENTED, True),
        (page(500, "GetBucketTagging"), Meaning.NOT_IMPLEMENTED, False),
    ],
    ids=lambda value: f"{type(value).__name__}-{value}" if isinstance(value, AwsError) else str(value),
)
def test_meanings(error: AwsError, meaning: Meaning, acted: bool) -> None:
    assert classify(error) == Verdict(meaning, acted)
    assert may_have_acted(error) is acted


@pytest.mark.parametrize(
    ("error", "text", "same"),
    [
        (api("NoSuchTagSet"), "NoSuchTagSet", True),
        (api("NoSuchTagSet"), "NoSuchTag", False),
        (api("NoSuchEntity", more="NoSuchEntityException"), "NoSuchEntityException", True),
        (api("ValidationException", detail="TimeToLive is already disabled"), "ValidationException: TimeToLive is already", True),
        (api("ValidationException", detail="Something else"), "ValidationException: TimeToLive is already", False),
        (api("AWS.SimpleQueueService.NonExistentQueue"), "AWS.SimpleQueueService.NonExistentQueue", True),
        (other(AwsUnreachable), "", False),
        (page(404), "404", False),
        (api("", 400), "", False),
    ],
)  # fmt: skip
def test_texts_of_a_definition(error: AwsError, text: str, same: bool) -> None:
    assert matches(error, text) is same


def test_the_definition_is_asked_first_and_in_order() -> None:
    error = api("Throttling")
    assert (
        classify(error, not_found=["Throttling"], retry={"Throttling": 5}, terminal=["Throttling"]).meaning
        is Meaning.NOT_FOUND
    )
    assert classify(error, retry={"Throttling": 5}, terminal=["Throttling"]) == Verdict(Meaning.RECOVERABLE, after=5)
    assert classify(error, terminal=["Throttling"]).meaning is Meaning.TERMINAL
    assert classify(error).meaning is Meaning.THROTTLED


ROLE = "arn:aws:sts::1:assumed-role/r/s"
REPOSITORY = "arn:aws:ecr:eu-central-1:1:repository/a"
NOT_AUTHORIZED = f"User: {ROLE} is not authorized to perform: ecr:CreateRepository"


@pytest.mark.parametrize(
    ("detail", "action", "principal", "resource"),
    [
        (NOT_AUTHORIZED, "ecr:CreateRepository", ROLE, ""),
        (f"You may not do this. {NOT_AUTHORIZED}", "ecr:CreateRepository", ROLE, ""),
        (f"{NOT_AUTHORIZED} on resource: {REPOSITORY}", "ecr:CreateRepository", ROLE, REPOSITORY),
        (
            f"{NOT_AUTHORIZED} on resource: {REPOSITORY} because no policy allows it",
            "ecr:CreateRepository",
            ROLE,
            REPOSITORY,
        ),
        ("Access Denied", "", "", ""),
    ],
)
def test_a_denial_names_what_is_missing(detail: str, action: str, principal: str, resource: str) -> None:
    expected = Verdict(Meaning.DENIED, action=action, principal=principal, resource=resource)
    assert classify(api("AccessDeniedException", detail=detail)) == expected


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (api("SlowDown", 503), True),
        (api("InternalError", 500), True),
        (api("NotImplemented", 501), False),
        (api("AccessDenied", 403), False),
        (other(NotConnected), True),
        (other(AwsUnreachable), True),
        (other(NoCredentials), False),
        (page(502), True),
        (page(404), False),
        (page(200), False),
    ],
    ids=str,
)
def test_what_may_pass_in_a_moment(error: AwsError, transient: bool) -> None:
    assert is_transient(error) is transient


def test_codes_are_those_of_aws_alone() -> None:
    assert codes(api("A", more="B")) == {"A", "B"}
    assert codes(page(404)) == frozenset()


def test_no_code_has_two_meanings() -> None:
    tables = [module._THROTTLED, module._CREDENTIALS, module._DENIED, module._NOT_IMPLEMENTED]
    assert len(frozenset().union(*tables)) == sum(len(table) for table in tables)
