"""A kind whose resources AWS names: a create whose answer is lost, and reads that lag behind, make no second one."""

from __future__ import annotations

from typing import Any

import pytest

from ackpy.model.compiler import compile_resource
from ackpy.model.definition import Field, Operations, Resource, Tags
from ackpy.testing.kept import KEY, Keep, Kept

pytestmark = pytest.mark.slow

CERTIFICATE = compile_resource(
    Resource(
        service="acm",
        kind="Certificate",
        not_found=["ResourceNotFoundException"],
        operations=Operations(
            create="RequestCertificate", read="DescribeCertificate", update="-", delete="DeleteCertificate"
        ),
        found_by="token",
        args={"RequestCertificate:IdempotencyToken": "$token"},
        tags=Tags(list="ListTagsForCertificate", add="AddTagsToCertificate", remove="RemoveTagsFromCertificate"),
        ignore=[
            f"RequestCertificateInput.{member}"
            for member in (
                "CertificateAuthorityArn",
                "DomainValidationOptions",
                "KeyAlgorithm",
                "ManagedBy",
                "Options",
                "SubjectAlternativeNames",
            )
        ],
        fields={"domainName": Field(immutable=True), "validationMethod": Field(immutable=True, ignore=True)},
    )
)
SPEC = {"domainName": "example.com", "validationMethod": "DNS"}


def certificates(kept: Kept) -> list[str]:
    return [each["CertificateArn"] for each in kept.ask("ListCertificates")["CertificateSummaryList"]]


def fault(kept: Kept, **rule: Any) -> None:
    kept.cloud.fault(account=kept.account, **rule)


def is_synced(kept: Kept) -> bool:
    return kept.condition("ACK.ResourceSynced").startswith("True")


async def test_a_create_whose_answer_was_lost_is_found_by_its_token(keep: Keep) -> None:
    kept = await keep("acm", CERTIFICATE)
    fault(kept, act="reset-after", operation="RequestCertificate")
    await kept.apply(SPEC)
    assert is_synced(kept)
    assert certificates(kept) == [kept.object["status"]["ackResourceMetadata"]["arn"]]


async def test_one_that_is_not_seen_yet_is_waited_for(keep: Keep) -> None:
    kept = await keep("acm", CERTIFICATE)
    missing = {"status": 400, "code": "ResourceNotFoundException"}
    fault(kept, act="error", operation="DescribeCertificate", times=2, **missing)
    await kept.apply(SPEC)
    assert is_synced(kept)
    assert len(certificates(kept)) == 1


async def test_one_that_is_gone_is_made_anew_in_the_end(keep: Keep) -> None:
    kept = await keep("acm", CERTIFICATE)
    await kept.apply(SPEC)
    [arn] = certificates(kept)
    kept.ask("DeleteCertificate", CertificateArn=arn)
    kept.world.time.advance(60)
    await kept.resync()
    assert is_synced(kept)
    assert len(certificates(kept)) == 1
    assert certificates(kept) != [arn]


async def test_one_whose_answer_was_lost_goes_with_its_object(keep: Keep) -> None:
    kept = await keep("acm", CERTIFICATE)
    fault(kept, act="reset-after", operation="RequestCertificate")
    kept.world.cluster.apply(KEY.name, SPEC)
    await kept.world.one_pass(KEY)
    assert len(certificates(kept)) == 1
    kept.world.time.advance(60)
    await kept.delete()
    assert kept.world.cluster.objects == {}
    assert certificates(kept) == []


async def test_one_that_aws_will_not_make_holds_nobody(keep: Keep) -> None:
    kept = await keep("acm", CERTIFICATE)
    fault(kept, act="reset-before", operation="RequestCertificate")
    kept.world.cluster.apply(KEY.name, SPEC)
    await kept.world.one_pass(KEY)
    fault(kept, act="error", operation="RequestCertificate", times=0, status=400, code="LimitExceededException")
    kept.world.time.advance(60)
    await kept.delete()
    assert kept.world.cluster.objects == {}
    assert certificates(kept) == []
