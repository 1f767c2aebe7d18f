"""The room opened: a port on the loopback interface, an address with the token in it, a browser."""

import ipaddress
import secrets
import socket
import webbrowser
from collections.abc import Callable
from pathlib import Path

import uvicorn

from hipcalc.errors import OutputError, UsageError
from hipcalc.reading_room.app import application
from hipcalc.reading_room.room import Room
from hipcalc.reading_room.study import adopt_study, load_study
from hipcalc.reading_room.training import prepare_training, read_training_truth

__all__ = ["LOOPBACK", "serve"]

LOOPBACK = "127.0.0.1"


def serve(
    folder: Path,
    *,
    reader: str | None = None,
    study: Path | None = None,
    training: bool = False,
    host: str = LOOPBACK,
    port: int = 0,
    browse: bool = True,
    say: Callable[[str], None] = print,
) -> None:
    """Serve the reading room of a results folder until it is interrupted.

    Parameters
    ----------
    folder : Path
    reader : str, optional
        The only one who may read; anybody who holds the address and gives a name when not given.
    study : Path, optional
        A study file to adopt for this folder first.
    training : bool
        Whether phantoms are read in place of the folder's hips, with feedback.
    host : str
        Address to listen at; others than the loopback interface's let other machines in.
    port : int
        0 for any that is free.
    browse : bool
        Whether the page is opened in this machine's browser.
    say : callable
        Is given each line for the user.

    Raises
    ------
    UsageError
        If the folder, its log, the study or the address cannot be used.
    OutputError
        If no decision could be recorded there.
    """
    if study is not None:
        adopt_study(folder, study)
    truth = None
    if training:
        folder = prepare_training(folder, load_study(folder), say=say)
        truth = read_training_truth(folder)
    room = Room(folder, reader=reader, truth=truth)
    try:
        room.ensure_writable()
        with _listening(host, port) as listener:
            port = listener.getsockname()[1]
            token = secrets.token_urlsafe(24)
            address = f"http://{_in_address(host)}:{port}/#token={token}"
            if not is_loopback(host):
                say(
                    "Warning: whoever has this address and reaches this machine sees the radiographs and can decide; "
                    "the connection is not encrypted. An SSH tunnel to the loopback interface is safer."
                )
            say(f"Reading room: {address}")
            say("Every decision is on the disk before the page says so. Ctrl-C ends the room.")
            app = application(room, hosts=allowed_hosts(host, port), token=token, port=port)
            room.warm_up()
            if browse and is_loopback(host):
                webbrowser.open(address)
            config = uvicorn.Config(app, log_level="error", access_log=False, server_header=False, lifespan="off")
            uvicorn.Server(config).run(sockets=[listener])
    finally:
        room.close()


def is_loopback(host: str) -> bool:
    """Tell whether an address can be reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def allowed_hosts(host: str, port: int) -> tuple[str, ...]:
    """Return what a browser's Host header may be."""
    names = {_in_address(host).lower()}
    if is_loopback(host):
        names |= {"127.0.0.1", "localhost", "[::1]"}
    # A browser leaves the port out where it is the usual one.
    return tuple(f"{name}:{port}" for name in names) + (tuple(names) if port == 80 else ())


def _listening(host: str, port: int) -> socket.socket:
    if host in ("", "*") or _is_any(host):
        raise UsageError(
            f"--host {host}: give the one address or name under which readers reach this machine, so that "
            "requests under other names can be refused."
        )
    try:
        family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(where[:2], family=family, backlog=128)
    except (OSError, OverflowError) as error:
        raise OutputError(
            f"The room cannot listen at {host}, port {port} ({error}); give another --port or --host."
        ) from error


def _is_any(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host
