"""The room as a web application: a few addresses, each a function of the room."""

import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hipcalc.errors import HipcalcError, InputRejectedError, InputUnreadableError, OutputError
from hipcalc.reading_room.requests import BadRequestError
from hipcalc.reading_room.room import Room, StaleError, UnknownError
from hipcalc.reading_room.security import CSRF_HEADER, Guard, cookie_name, same_token

__all__ = ["application"]

PAGE = "index.html"
_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
# Which answer an error gets; the first kind that fits.
_STATUSES: tuple[tuple[type[HipcalcError], int], ...] = (
    (BadRequestError, 400),
    (UnknownError, 404),
    (StaleError, 409),
    (InputUnreadableError, 410),
    (InputRejectedError, 410),
    (OutputError, 507),
    (HipcalcError, 500),
)


def application(room: Room, *, hosts: tuple[str, ...], token: str, port: int) -> Starlette:
    """Return the web application of a room.

    Parameters
    ----------
    room : Room
    hosts : tuple of str
        What the Host header may be.
    token : str
        Who holds it may read and decide.
    port : int
    """
    views = _Views(room, token=token, port=port)
    return Starlette(
        routes=[
            Route("/", views.page, methods=["GET"]),
            Route("/page/{name}", views.page, methods=["GET"]),
            Route("/api/token", views.give_token, methods=["POST"]),
            Route("/api/enter", views.enter, methods=["POST"]),
            Route("/api/hip/{key}", views.hip, methods=["GET"]),
            Route("/api/pixels/{key}", views.pixels, methods=["GET"]),
            Route("/api/act", views.act, methods=["POST"]),
        ],
        middleware=[Middleware(Guard, hosts=hosts, token=token, port=port)],
        exception_handlers={HipcalcError: _complain, HTTPException: _refuse},
    )


class _Views:
    def __init__(self, room: Room, *, token: str, port: int) -> None:
        self._room = room
        self._token = token
        self._cookie = cookie_name(port)
        # Read once: what is asked for is looked up by name, and never becomes a path.
        folder = files("hipcalc.reading_room") / "page"
        self._files = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}

    async def page(self, request: Request) -> Response:
        name = request.path_params.get("name", PAGE)
        kind = _TYPES.get(name.rpartition(".")[2])
        if name not in self._files or kind is None:
            raise HTTPException(404, "There is no such page.")
        return Response(self._files[name], media_type=kind)

    async def give_token(self, request: Request) -> Response:
        """Make a cookie of the token, which the page found in its address's fragment, where no log sees it."""
        body = await _json(request)
        given = body.get("token") if isinstance(body, dict) else None
        if not isinstance(given, str) or not same_token(given, self._token):
            raise HTTPException(401, "This is not the token; open the address that hipcalc review printed.")
        response = JSONResponse({})
        response.set_cookie(self._cookie, given, httponly=True, samesite="strict", path="/")
        return response

    async def enter(self, request: Request) -> Response:
        body = await _json(request)
        # Without a name, the page asks whether the room is for one reader.
        if body == {}:
            return JSONResponse({"reader": self._room.reader})
        return await _answer(self._room.enter, body)

    async def hip(self, request: Request) -> Response:
        return await _answer(self._room.hip, self._session(request), request.path_params["key"])

    async def pixels(self, request: Request) -> Response:
        self._session(request)
        pixels = await run_in_threadpool(self._room.image, request.path_params["key"])
        return Response(pixels.data, media_type="application/octet-stream")

    async def act(self, request: Request) -> Response:
        session = self._session(request)
        return await _answer(self._room.act, session, await _json(request))

    def _session(self, request: Request) -> Any:
        return self._room.session(request.headers.get(CSRF_HEADER, ""))


async def _answer(function: Callable[..., Any], *values: Any) -> Response:
    return JSONResponse(await run_in_threadpool(function, *values))


async def _json(request: Request) -> Any:
    try:
        return json.loads(await request.body(), parse_constant=_no_constant)
    except (ValueError, RecursionError, ClientDisconnect) as error:
        raise HTTPException(400, "This is no JSON.") from error


def _no_constant(name: str) -> Any:
    raise ValueError(name)


async def _complain(_: Request, error: Exception) -> Response:
    status = next(status for kind, status in _STATUSES if isinstance(error, kind))
    return JSONResponse({"error": str(error), "stale": isinstance(error, StaleError)}, status)


async def _refuse(_: Request, error: Exception) -> Response:
    status, detail = (error.status_code, error.detail) if isinstance(error, HTTPException) else (500, "")
    return JSONResponse({"error": detail}, status)
