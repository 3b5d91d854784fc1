"""aiobotocore's HTTP session without what aiohttp does behind one's back. Sessions hands the class to each client.

aiohttp follows redirects, so that S3's 307 for a bucket in another region would send a signed request to a host of the answer's
choice; and it sends PUT and DELETE again when a kept-alive connection breaks, whether AWS has acted or not. A redirect must come
back as the error that it is, and what is sent again is the client's decision.
"""

from __future__ import annotations

from typing import Any

import aiohttp
from aiobotocore.httpsession import AIOHTTPSession


class DirectSession(AIOHTTPSession):
    """One request, one answer."""

    async def _get_session(self, proxy_url: str | None) -> Any:
        return _Direct(await super()._get_session(proxy_url))  # type: ignore[misc] # the stubs know the public part


class _Direct:
    __slots__ = ("_session",)

    def __init__(self, session: aiohttp.ClientSession) -> None:
        session._retry_connection = False  # noqa: SLF001  aiohttp's own test client sets it; there is no public way
        self._session = session

    async def request(self, method: str, **options: Any) -> aiohttp.ClientResponse:
        """aiohttp's, following no redirect."""
        return await self._session.request(method, allow_redirects=False, **options)
