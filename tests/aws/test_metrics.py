from prometheus_client import CollectorRegistry, generate_latest

from ackpy.aws.metrics import Calls, Sent
from ackpy.aws.operations import OpType


def sent(status: int, *, failed: bool) -> Sent:
    return Sent("s3", "CreateBucket", OpType.CREATE, status, "", "", 0.1, 1, failed)


def test_the_series_have_acks_names_and_labels() -> None:
    registry = CollectorRegistry()
    calls = Calls(registry)
    calls.add(sent(200, failed=False))
    calls.add(sent(403, failed=True))
    lines = generate_latest(registry).decode().splitlines()
    assert 'ack_outbound_api_requests_total{op_id="CreateBucket",op_type="CREATE",service="s3"} 2.0' in lines
    assert 'ack_outbound_api_requests_error_total{op_id="CreateBucket",service="s3",status_code="403"} 1.0' in lines
    assert calls.count == {("s3", "CreateBucket"): 2}


def test_two_of_them_share_nothing() -> None:
    one, other = Calls(CollectorRegistry()), Calls(CollectorRegistry())
    one.add(sent(200, failed=False))
    assert not other.count
