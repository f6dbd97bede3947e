"""The one port: taken before anything else is started, so that a port in use is known in the first second."""

import asyncio
import os
import socket

import psutil

from exam_engine.settings import CannotStart, ExitCode

PORT_WAIT_S_MAX = 2  # the processes of a run that was killed need a moment to notice and to go
PORT_POLL_S = 0.1
ANY = ("0.0.0.0", "::")  # noqa: S104  compared with, not bound to


async def take_port(host: str, port: int) -> socket.socket:
    """Return a socket bound to the port (port 0: to a free one) that does not listen yet; raises `CannotStart`."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PORT_WAIT_S_MAX
    while True:
        try:
            # Alone first: a port shared by SO_REUSEPORT with another `exam up` would not be refused.
            bind(host, port, shared=False).close()
            return bind(host, port)
        except CannotStart as problem:
            if problem.exit_code != ExitCode.PORT_TAKEN or loop.time() > deadline:
                raise
            await asyncio.sleep(PORT_POLL_S)


def bind(host: str, port: int, *, shared: bool = True) -> socket.socket:
    """Return a bound socket; with `shared` more processes of this user may bind and serve the same port."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as problem:
        raise CannotStart(f"--host {host} is not an address of this machine: {problem}", ExitCode.SETTINGS) from problem
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind(address)
    except OSError as problem:
        bound.close()
        raise CannotStart(
            f"port {port} of {host} can't be used: {os.strerror(problem.errno or 0)}; choose another with --port",
            ExitCode.PORT_TAKEN,
        ) from problem
    return bound


def base_url(host: str, port: int) -> str:
    """Return the address a browser on this machine uses."""
    shown = "127.0.0.1" if host in ANY else host
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def addresses(host: str, port: int) -> list[str]:
    """Return every address the pages can be asked for at, the one for this machine first."""
    first = base_url(host, port)
    if host not in ANY:
        return [first]
    cards = psutil.net_if_addrs().values()
    found = [address.address for card in cards for address in card if address.family == socket.AF_INET]
    return [first, *(f"http://{address}:{port}" for address in found if address != "127.0.0.1")]
