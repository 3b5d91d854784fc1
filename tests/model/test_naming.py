from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.model.naming import GO_KEYWORDS, INITIALISMS, camel, camel_lower, is_plural, plural, reference_name, singular

FROZEN = [
    tuple(line.split("\t")) for line in (Path(__file__).parent / "names.tsv").read_text(encoding="utf-8").splitlines()
]
WORDS = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_- .", max_size=30)


@pytest.mark.parametrize(
    ("original", "expected"),
    [
        ("KmsMasterKeyId", "kmsMasterKeyID"),
        ("KMSMasterKeyId", "kmsMasterKeyID"),
        ("SSEKMSKeyId", "sseKMSKeyID"),
        ("DbiResourceId", "dbiResourceID"),
        ("DBInstanceIdentifier", "dbInstanceIdentifier"),
        ("CACertificateIdentifier", "caCertificateIdentifier"),
        ("HTTPSPort", "httpsPort"),
        ("awsvpcConfiguration", "awsVPCConfiguration"),
        ("Type", "type_"),
        ("Default", "default_"),
        ("IPAddress", "ipAddress"),
        ("IPAddressType", "ipAddressType"),
        ("Ipv6CidrBlock", "ipv6CIDRBlock"),
        ("MD5OfMessageBody", "md5OfMessageBody"),
        ("BlockPublicAcls", "blockPublicACLs"),
        ("GrantReadACP", "grantReadACP"),
        ("VpcEndpointId", "vpcEndpointID"),
        ("VpceId", "vpceID"),
        ("SecretArn", "secretARN"),
        ("DecreaseReplicaCount", "decreaseReplicaCount"),
        ("EnableDnsSupport", "enableDNSSupport"),
        ("UniqueIdentifier", "uniqueIdentifier"),
        ("IdempotencyToken", "idempotencyToken"),
        ("HttpEndpoint", "httpEndpoint"),
        ("TimeToLiveAttribute", "timeToLiveAttribute"),
        ("DefaultTTL", "defaultTTL"),
        ("UriEncoded", "uriEncoded"),
        ("SecurityUri", "securityURI"),
        ("ID", "id"),
        ("Ec2instance", "ec2Instance"),
        ("a_b-c.d e", "aBCDE"),
    ],
)
def test_property_names(original: str, expected: str) -> None:
    assert camel_lower(original) == expected


def test_the_table_has_its_published_number_of_rows() -> None:
    assert len(INITIALISMS) == 109


def test_frozen_names_hold() -> None:
    """A row that changes renames properties that users have written: this is a breaking change."""
    changed = [row for row in FROZEN if (camel(row[0]), camel_lower(row[0])) != row[1:]]
    assert len(FROZEN) > 2500
    assert changed == []


def test_normalising_a_normal_name_changes_nothing() -> None:
    for original, upper, lower in FROZEN:
        assert camel(upper) == upper, original
        assert camel_lower(lower[0].upper() + lower[1:]) == lower, original


@given(WORDS)
def test_names_are_identifiers(original: str) -> None:
    lower, upper = camel_lower(original), camel(original)
    assert lower == "" or lower.replace("_", "").isalnum()
    assert upper == "" or upper.isalnum()
    assert lower not in GO_KEYWORDS


@given(WORDS)
def test_separators_never_reach_a_name(original: str) -> None:
    assert not set(camel(original)) & set("_- .")


@pytest.mark.parametrize(
    ("original", "many", "expected"),
    [
        ("KmsKeyId", False, "kmsKeyRef"),
        ("kmsKey", False, "kmsKeyRef"),
        ("Role", False, "roleRef"),
        ("RoleArn", False, "roleRef"),
        ("SubnetIds", True, "subnetRefs"),
        ("SecurityGroupIDs", True, "securityGroupRefs"),
        ("Policies", True, "policyRefs"),
        ("VPC", True, "vpcRefs"),
        ("DBSubnetGroupName", False, "dbSubnetGroupRef"),
        ("MasterUserSecretKmsKeyId", False, "masterUserSecretKMSKeyRef"),
    ],
)
def test_reference_names(original: str, many: bool, expected: str) -> None:
    assert reference_name(original, many=many) == expected


def test_a_reference_needs_a_name() -> None:
    with pytest.raises(ValueError, match="'ARN' leaves no name for a reference"):
        reference_name("ARN", many=False)


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("repository", "repositories"),
        ("bucket", "buckets"),
        ("policy", "policies"),
        ("dbproxy", "dbproxies"),
        ("dhcpoptions", "dhcpoptions"),
        ("elasticipaddress", "elasticipaddresses"),
        ("alias", "aliases"),
        ("vpc", "vpcs"),
    ],
)
def test_plurals(one: str, many: str) -> None:
    assert plural(one) == many
    assert is_plural(many)
    assert singular(many) == one or one == many
