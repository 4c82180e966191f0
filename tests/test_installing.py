"""`pip install .`: everything that the service needs is inside the wheel, and it runs anywhere."""

import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests import installed
from tests.pages import ROOT

PACKAGES = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"][
    "targets"
]["wheel"]["packages"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this working tree."""
    return installed.built(tmp_path_factory.mktemp("wheel"))


def test_every_file_of_the_packages_is_in_the_wheel_and_nothing_else(wheel: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *PACKAGES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = [name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name]
    assert sorted(names) == sorted(listed.stdout.splitlines())
    assert {Path(name).suffix for name in names} > {".html", ".js", ".css", ".npz", ".mako"}


@pytest.mark.timeout(300)
def test_an_installed_wheel_runs_from_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    python = installed.environment(sys.executable, tmp_path / "environment")
    installed.install(python, "--no-index", str(wheel))
    # Only a folder's own line counts: the link to this working tree in it is not followed.
    (site,) = (tmp_path / "environment").glob("lib/*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"])
    assert "succeeded" in installed.tried(python, tmp_path / "empty")


def test_what_the_service_needs_is_locked_as_the_developers_have_it() -> None:
    ours, theirs = (
        set(re.findall(r"^(\S+==\S+)", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements-service.lock", "requirements.lock")
    )
    assert ours < theirs
