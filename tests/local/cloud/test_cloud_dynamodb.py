"""DynamoDB on the embedded AWS, where it is not moto's alone."""

from __future__ import annotations

from ackpy.testing.cloud import MakeClient


def test_a_tag_that_is_written_again_has_one_value(aws: MakeClient) -> None:
    dynamodb = aws("dynamodb")
    made = dynamodb.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=[{"Key": "b", "Value": "0"}],
    )
    arn = made["TableDescription"]["TableArn"]
    for number in range(12):
        dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": str(number)}])
    assert dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] == [
        {"Key": "b", "Value": "0"},
        {"Key": "a", "Value": "11"},
    ]
