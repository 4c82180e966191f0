"""The drawing of the house is the house."""

import re

import grimp
import yaml

from tests.pages import ROOT, texts

PACKAGES = ("api", "workers", "store", "core", "solenoid", "migrations")
PAGE = ROOT / "ARCHITECTURE.md"


def test_every_arrow_that_is_drawn_is_an_import_and_the_other_way_round() -> None:
    (drawing,) = texts(PAGE, "mermaid")
    drawn = set(re.findall(r"(\w+) --> (\w+)", drawing))
    imports = grimp.build_graph(*PACKAGES)
    found = {
        (one, other)
        for one in PACKAGES
        for other in PACKAGES
        if one != other
        and imports.direct_import_exists(importer=one, imported=other, as_packages=True)
    }
    assert drawn == found


def test_every_path_that_is_named_is_there() -> None:
    for page in (PAGE, ROOT / "CONTRIBUTING.md"):
        text = page.read_text()
        named = re.findall(r"`([\w./-]+/[\w./-]*)`", text) + re.findall(r"\]\(([^)#:]+)\)", text)
        assert named
        for path in named:
            folders = (ROOT, ROOT / "core", ROOT / "tests")
            assert any((folder / path).exists() for folder in folders), (page.name, path)


def test_the_version_is_the_same_everywhere() -> None:
    (version,) = re.findall(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.M)
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == version
    assert re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.M)[0] == version
