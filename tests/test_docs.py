"""What the documentation shows can be run as it stands."""

import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from store.database import Database

ROOT = Path(__file__).parents[1]
QUERIES = [
    (page.name, query)
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    for query in re.findall(r"```sql\n(.*?)```", page.read_text(), re.DOTALL)
]


@pytest.mark.parametrize(("page", "query"), QUERIES)
def test_every_query_runs_on_both_databases(page: str, query: str, database: Database) -> None:
    with database.read() as connection:
        assert connection.execute(sa.text(query)).keys(), page


def test_every_file_that_the_readme_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text())
    assert links
    for link in links:
        assert (ROOT / link).exists(), link
