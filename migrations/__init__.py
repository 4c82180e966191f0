"""The database's schema, version by version (Alembic)."""

from pathlib import Path

from alembic import command
from alembic.config import Config

HERE = Path(__file__).parent


def configuration(url: str, *, compares: bool = False) -> Config:
    """Alembic's configuration for a database, to move it or to compare it with what is declared."""
    config = Config()
    config.attributes["compares"] = compares
    config.set_main_option("script_location", str(HERE))
    config.attributes["url"] = url
    return config


def upgrade(url: str) -> None:
    """Bring a database to the newest version; one that is there already stays as it is."""
    command.upgrade(configuration(url), "head")
