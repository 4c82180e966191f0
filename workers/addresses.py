"""Addresses to serve: whose they are, whom they let in, and how they are written in a URL."""

import ipaddress
import socket

from store.settings import Settings


def is_loopback(host: str) -> bool:
    """Whether a name or an address is this machine's own."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def url_of(host: str, port: int) -> str:
    """Where an API on this host answers."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def free_port(host: str, wanted: int) -> int:
    """The port that is wanted, or any free one for 0; raises `OSError` if it cannot be served."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, wanted), family=family) as probe:
        return int(probe.getsockname()[1])


def needs_token(settings: Settings, host: str) -> bool:
    """Whether nobody is let in there without one."""
    return settings.require_tokens or not (is_loopback(host) or settings.open_access)


def open_to_all(host: str) -> str:
    """Why a host that needs tokens is not served while there is none."""
    return (
        f"--host {host}: anybody who reaches this address could submit and delete; "
        "make a token with `solenoid token create NAME --role admin`, "
        "or set SOLENOID_OPEN_ACCESS=true if that is meant"
    )
