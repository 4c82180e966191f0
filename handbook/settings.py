"""The page about settings, from the one class that reads them."""

from pydantic_core import PydanticUndefined

from handbook.markdown import code, table
from solenoid.settings import ClientSettings
from store.settings import Settings

TOP = """# Settings

Environment variables, read once at the start of each process. `solenoid up` has options for the
most used of them (`solenoid up --help`).

"""


def page() -> str:
    """Service and client."""
    return (
        TOP
        + "## Service\n\n"
        + _table(Settings)
        + "## Client and command line\n\n"
        + _table(ClientSettings)
    )


def _table(settings: type[Settings] | type[ClientSettings]) -> str:
    prefix = str(settings.model_config.get("env_prefix", "")).upper()
    rows = (
        (code(prefix + name.upper()), _default(field.default), field.description or "")
        for name, field in settings.model_fields.items()
    )
    return table(("variable", "default", ""), rows)


def _default(value: object) -> str:
    return "" if value is PydanticUndefined or value is None else code(value)
