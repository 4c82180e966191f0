"""The settings of a client, read from `SOLENOID_*` variables here and nowhere else."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ClientSettings(BaseSettings):
    """Where a client looks when it is told nothing else."""

    model_config = SettingsConfigDict(
        env_prefix="SOLENOID_", env_ignore_empty=True, extra="ignore", frozen=True
    )

    url: str = Field(default="http://127.0.0.1:8000", description="Where the service answers.")
    token: str | None = Field(default=None, description="The token, where one is asked for.")
