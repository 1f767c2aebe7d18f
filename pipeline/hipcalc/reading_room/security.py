"""Who may talk to the room: this machine's own addresses, pages of ours, and holders of the token."""

import hmac
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["CSRF_HEADER", "Guard", "cookie_name", "same_token"]

# A page of another origin cannot set it without asking first, and is never allowed to.
CSRF_HEADER = "x-hipcalc"
MOST_BODY = 65_536
# Pages hold no data of their own: they may be had without a token, and ask for the rest with it.
PUBLIC = ("/", "/page/", "/api/token")
HEADERS: Mapping[str, str] = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    # Radiographs stay out of the browser's cache on the disk.
    "cache-control": "no-store",
}


def cookie_name(port: int) -> str:
    """Return the token's cookie: cookies do not tell ports apart, so that each room has its own."""
    return f"hipcalc-{port}"


def same_token(given: str, token: str) -> bool:
    """Tell whether a token is right, in a time that does not tell how nearly."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())


class Guard:
    """Turns away every request that is not from a page of this room.

    Parameters
    ----------
    app : ASGI application
    hosts : tuple of str
        What the Host header may be: a name that somebody else made point here is turned away (DNS rebinding).
    token : str
    port : int
    """

    def __init__(self, app: ASGIApp, *, hosts: tuple[str, ...], token: str, port: int) -> None:
        self._app = app
        self._hosts = hosts
        self._token = token
        self._cookie = cookie_name(port)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        refusal = self._refusal(scope["method"], scope["path"], Headers(scope=scope))
        if refusal is not None:
            status, sentence = refusal
            await JSONResponse({"error": sentence}, status)(scope, receive, send_with_headers)
            return
        await self._app(scope, _limited(receive), send_with_headers)

    def _refusal(self, method: str, path: str, headers: Headers) -> tuple[int, str] | None:
        host = headers.get("host", "").lower()
        if host not in self._hosts:
            return 421, "This is not an address of the reading room; open the one that hipcalc review printed."
        if method not in ("GET", "HEAD", "POST"):
            return 405, "Only GET and POST are understood."
        if method == "POST":
            wrong = _wrong_post(headers, host)
            if wrong is not None:
                return wrong
        public = path == "/" or any(
            path == name or (name.endswith("/page/") and path.startswith(name)) for name in PUBLIC
        )
        given = cookie_parser(headers.get("cookie", "")).get(self._cookie, "")
        if not public and not same_token(given, self._token):
            return 401, "This page has no access, or lost it; open the address that hipcalc review printed."
        return None


def _wrong_post(headers: Headers, host: str) -> tuple[int, str] | None:
    origin = headers.get("origin")
    if origin is not None and origin.lower() not in (f"http://{host}", f"https://{host}"):
        return 403, "Requests of other pages are refused."
    if headers.get("sec-fetch-site", "same-origin") != "same-origin" or CSRF_HEADER not in headers:
        return 403, "Requests of other pages are refused."
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return 415, "Send JSON."
    length = headers.get("content-length", "")
    if not length.isdecimal():
        return 411, "Say how long the request is."
    return (413, "The request is too large.") if int(length) > MOST_BODY else None


def _limited(receive: Receive) -> Receive:
    """Read no more of a body than any request of ours holds, whatever its header said."""
    size = 0

    async def limited() -> Message:
        nonlocal size
        message: Any = await receive()
        size += len(message.get("body", b""))
        return {"type": "http.disconnect"} if size > MOST_BODY else message

    return limited
