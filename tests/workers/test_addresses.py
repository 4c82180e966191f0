"""Addresses of both families, and the socket of a broker of one's own."""

import tempfile
from pathlib import Path
from typing import Any

import httpx
import pytest

from store.settings import Settings
from workers.addresses import free_port, needs_token, url_of
from workers.redis_server import LONGEST_SOCKET_PATH, private_socket


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_a_free_port_is_found_in_either_family(host: str) -> None:
    port = free_port(host, 0)
    assert free_port(host, port) == port
    assert httpx.URL(url_of(host, port)).host == host


@pytest.mark.parametrize(
    ("host", "settings", "needed"),
    [
        ("Localhost", {}, False),
        ("::1", {}, False),
        ("::", {}, True),
        ("0.0.0.0", {}, True),
        ("0.0.0.0", {"open_access": True}, False),
        ("127.0.0.1", {"require_tokens": True}, True),
    ],
)
def test_tokens_are_needed_where_others_come(
    host: str, settings: dict[str, Any], needed: bool
) -> None:
    assert needs_token(Settings(**settings), host) is needed


def test_a_folder_that_a_killed_stack_had_elsewhere_is_removed_by_the_next(tmp_path: Path) -> None:
    data_dir = tmp_path / ("d" * LONGEST_SOCKET_PATH)
    data_dir.mkdir()
    left = Path(tempfile.mkdtemp(prefix="solenoid-", dir="/tmp"))
    (data_dir / "redis.folder").write_text(str(left))
    with private_socket(data_dir) as socket:
        assert not left.exists()
        assert (data_dir / "redis.folder").read_text() == str(socket.parent)
    assert not socket.parent.exists()
    assert not list(data_dir.iterdir())


def test_no_other_folder_is_removed(tmp_path: Path) -> None:
    data_dir, others = tmp_path / ("d" * LONGEST_SOCKET_PATH), tmp_path / "solenoid-other"
    data_dir.mkdir()
    others.mkdir()
    (data_dir / "redis.folder").write_text(str(others))
    with private_socket(data_dir):
        assert others.exists()
