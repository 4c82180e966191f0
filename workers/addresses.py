"""Addresses to serve: which are this machine's own, and how they are written in a URL."""

import ipaddress
import socket


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
