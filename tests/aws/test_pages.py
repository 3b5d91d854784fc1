import re

import pytest
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import ServiceModel

from ackpy.aws.pages import items, pagination


@pytest.mark.parametrize(
    ("answer", "at", "expected"),
    [
        ({"Buckets": [1, 2]}, "Buckets", [1, 2]),
        ({}, "Buckets", []),
        ({"Buckets": None}, "Buckets", []),
        ({"Reservations": [{"Instances": [1]}, {"Instances": [2, 3]}, {}]}, "Reservations.Instances", [1, 2, 3]),
        ({"DistributionList": {"Items": ["a"]}}, "DistributionList.Items", ["a"]),
        ({"a": "text"}, "a.b", []),
        ({"Tags": {"k": "v"}}, "Tags", [{"k": "v"}]),
        ({"Found": [0, False]}, "Found", [0, False]),
    ],
)
def test_items(answer: dict[str, object], at: str, expected: list[object]) -> None:
    assert items(answer, at) == expected


@pytest.mark.parametrize(
    "service", ["s3", "ecr", "iam", "sqs", "sns", "lambda", "kms", "dynamodb", "stepfunctions", "kinesis"]
)
def test_no_list_would_be_read_by_one_page(service: str) -> None:
    loader = Loader()
    model = ServiceModel(loader.load_service_model(service, "service-2"), service)
    try:
        known = loader.load_service_model(service, "paginators-1")["pagination"]
    except UnknownServiceError:
        known = {}
    missed = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        if not name.startswith(("List", "Describe", "Get")) or not operation.output_shape or not operation.input_shape:
            continue
        members = set(operation.output_shape.members)
        if any(re.fullmatch(r"(?i)(next)?(continuation)?(page)?(token|marker)", member) for member in members):
            tokens = {*operation.input_shape.members} & {
                "NextToken",
                "nextToken",
                "Marker",
                "ContinuationToken",
                "PageToken",
            }
            if tokens and pagination(known, operation, "x") is None:
                missed.append(name)
    assert missed == []
