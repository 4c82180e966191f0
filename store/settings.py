"""Every setting of the service, read from `SOLENOID_*` variables here and nowhere else."""

from functools import cache
from pathlib import Path
from typing import Annotated, Any

from platformdirs import user_data_path
from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

GIB = 2**30
PRIVATE = 0o700
"""The mode of folders that hold what is not for everybody on the machine."""
Seconds = Annotated[float, Field(gt=0)]
Folder = Annotated[Path, AfterValidator(Path.absolute)]
"""Processes start in folders of their own: a relative path means the same to all of them."""


class Settings(BaseSettings):
    """How one installation runs. Every field is an environment variable: `SOLENOID_LEASE_S=60`."""

    model_config = SettingsConfigDict(env_prefix="SOLENOID_", extra="ignore", frozen=True)

    data_dir: Folder = Field(
        default_factory=lambda: user_data_path("solenoid"),
        description="Folder of the embedded database, dataset files, logs and broker socket.",
    )
    database_url: str | None = Field(
        default=None,
        description="SQLAlchemy URL, such as postgresql+psycopg://...; "
        "unset: SQLite in the data directory.",
    )
    redis_url: str | None = Field(
        default=None,
        description="redis://host:port/0 or unix:///path; "
        "unset: `solenoid up` starts a server of its own.",
    )
    datasets_url: str | None = Field(
        default=None,
        description="Object store that all machines keep dataset files in, such as "
        "s3://bucket/folder; address and keys come from AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, "
        "AWS_SECRET_ACCESS_KEY and AWS_REGION. Needs the extra `solenoid[s3]`. "
        "Unset: the data directory alone.",
    )
    lease_s: Seconds = Field(
        default=30.0,
        description="Seconds a worker owns an experiment without a sign of life. "
        "After that another worker may take it over.",
    )
    max_attempts: int = Field(
        default=3, ge=1, description="Attempts whose worker may be lost before an experiment fails."
    )
    checkpoint_s: Seconds = Field(
        default=20.0,
        description="Seconds between two checkpoints of a long run: what a lost worker may cost.",
    )
    time_limit_s: Seconds = Field(
        default=7 * 24 * 3600.0,
        description="Seconds that one attempt at an experiment may take; a spec whose estimate is "
        "longer is refused. A submission may ask for less with `time_limit_s`.",
    )
    dispatch_s: Seconds = Field(
        default=1.0, description="Seconds between two looks for lost messages and expired leases."
    )
    grace_s: Seconds = Field(
        default=10.0, description="Seconds that running work gets to end when a worker is stopped."
    )
    memory_limit_bytes: int = Field(
        default=4 * GIB,
        ge=GIB // 4,
        description="Memory one experiment may take; a spec whose estimate is larger is refused.",
    )
    max_upload_bytes: int = Field(
        default=GIB, ge=1, description="Size of the largest file that may be uploaded."
    )
    max_array_bytes: int = Field(
        default=4 * GIB,
        ge=1,
        description="Size of all arrays in one file, or of one archive, once decompressed.",
    )
    max_sweep_points: int = Field(
        default=50_000, ge=1, description="Experiments that one sweep may have."
    )
    max_queued: int = Field(
        default=100_000, ge=1, description="Experiments that one owner may have queued at a time."
    )
    max_requests_per_minute: int = Field(
        default=3000, ge=1, description="Requests that one token may make within a minute."
    )
    hooks_dir: Folder | None = Field(
        default=None,
        description="Folder of the executables that completion hooks may run; "
        "unset: `hooks` in the data directory.",
    )
    inspection_s: Seconds = Field(
        default=60.0, description="Seconds that reading one uploaded file may take."
    )
    require_tokens: bool = Field(
        default=False,
        description="Ask for a token also on this machine's own address; elsewhere they are "
        "always needed unless SOLENOID_OPEN_ACCESS is set.",
    )
    open_access: bool = Field(
        default=False,
        description="Serve addresses other than this machine's own to whoever reaches them.",
    )
    max_request_bytes: int = Field(
        default=4 * 2**20, ge=1024, description="Size of the largest request body but for uploads."
    )

    @property
    def resolved_database_url(self) -> str:
        """The database's URL, the embedded one when none is set."""
        return self.database_url or f"sqlite:///{self.data_dir / 'solenoid.db'}"

    @property
    def resolved_hooks_dir(self) -> Path:
        """The executables that completion hooks may run."""
        return self.hooks_dir or self.data_dir / "hooks"

    @property
    def datasets_dir(self) -> Path:
        """The content-addressed dataset files."""
        return self.data_dir / "datasets"


class BadSetting(SystemExit):
    """A setting that cannot be: it ends the process, with a sentence that names it."""


def read_settings(**given: Any) -> Settings:
    """The settings of the environment, but for those given; raises `BadSetting`."""
    try:
        return Settings(**given)
    except ValidationError as invalid:
        error = invalid.errors()[0]
        name = f"SOLENOID_{'_'.join(map(str, error['loc'])).upper()}"
        raise BadSetting(f"{name} = {error['input']}: {error['msg']}") from None


@cache
def settings() -> Settings:
    """The settings of this process."""
    return read_settings()
