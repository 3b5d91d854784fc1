"""The name in a signature's scope -> the AWS services of botocore that sign with it; used to tell whose request it is.

Taken from `signingName` and `endpointPrefix` of botocore's models; a name that is not listed is the service's own.
Where several services share a name, the one that most requests mean stands first.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SIGNING_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "airflow": ("mwaa",),
        "aoss": ("opensearchserverless",),
        "apigateway": ("apigateway", "apigatewayv2"),
        "appconfig": ("appconfig", "appconfigdata"),
        "aps": ("amp",),
        "bedrock": ("bedrock", "bedrock-agent", "bedrock-agent-runtime", "bedrock-runtime"),
        "bedrock-agentcore": ("bedrock-agentcore", "bedrock-agentcore-control"),
        "cassandra": ("keyspaces", "keyspacesstreams"),
        "cloudcontrolapi": ("cloudcontrol",),
        "cloudhsm": ("cloudhsmv2", "cloudhsm"),
        "dynamodb": ("dynamodb", "dynamodbstreams"),
        "elasticfilesystem": ("efs",),
        "elasticloadbalancing": ("elbv2", "elb"),
        "elasticmapreduce": ("emr",),
        "es": ("opensearch", "es"),
        "execute-api": ("apigatewaymanagementapi",),
        "geo": ("location",),
        "greengrass": ("greengrass", "greengrassv2"),
        "iotdata": ("iot-data",),
        "kinesisanalytics": ("kinesisanalyticsv2", "kinesisanalytics"),
        "lex": ("lexv2-models", "lexv2-runtime", "lex-models", "lex-runtime"),
        "mediastore": ("mediastore", "mediastore-data"),
        "mobiletargeting": ("pinpoint",),
        "monitoring": ("cloudwatch",),
        "payment-cryptography": ("payment-cryptography", "payment-cryptography-data"),
        "personalize": ("personalize", "personalize-events", "personalize-runtime"),
        "rds": ("rds", "docdb", "neptune"),
        "s3": ("s3", "s3control"),
        "s3express": ("s3",),
        "sagemaker": ("sagemaker", "sagemaker-runtime", "sagemaker-metrics", "sagemaker-featurestore-runtime"),
        "servicecatalog": ("servicecatalog", "servicecatalog-appregistry"),
        "servicequotas": ("service-quotas",),
        "ses": ("sesv2", "ses"),
        "sso": ("sso-admin",),
        "states": ("stepfunctions",),
        "tagging": ("resourcegroupstaggingapi",),
        "timestream": ("timestream-query", "timestream-write"),
    }
)


def services_of(signing_name: str) -> tuple[str, ...]:
    """The services that sign with this name, the likeliest first."""
    return SIGNING_NAMES.get(signing_name, (signing_name,))
