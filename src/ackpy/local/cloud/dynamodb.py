"""DynamoDB: moto's, mended where it keeps a tag twice that is written twice, so that a list of many goes round in a circle."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from ackpy.local.cloud.call import Emulation, Handler

if TYPE_CHECKING:
    from ackpy.local.cloud.call import Call
    from ackpy.local.cloud.wire import HttpAnswer


def tag_resource(call: Call) -> HttpAnswer:
    """What stands under the same keys goes first."""
    said = call.parameters()
    target = call.request.header("x-amz-target").replace("TagResource", "UntagResource")
    body = {"ResourceArn": said["ResourceArn"], "TagKeys": [tag["Key"] for tag in said["Tags"]]}
    removed = replace(
        call.request, headers={**call.request.headers, "x-amz-target": target}, body=json.dumps(body).encode()
    )
    answer = call.forward(removed)
    return call.forward(call.request) if answer.status < 300 else answer


def emulation() -> Emulation:
    """DynamoDB as this AWS answers it."""
    return Emulation({"TagResource": Handler(tag_resource, "mended")})
