"""Is it alive, is it ready, what is it."""

from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from redis.exceptions import RedisError

from api.context import Context, Service
from store import disk
from workers.broker import QUEUE, live_workers
from workers.versions import versions

router = APIRouter(tags=["system"])


class Health(BaseModel):
    """The process answers."""

    status: str = "ok"


class Readiness(BaseModel):
    """Whether an experiment submitted now would run."""

    ready: bool
    database: bool
    broker: bool
    workers: int


class DiskUse(BaseModel):
    """What is stored, in bytes."""

    model_config = ConfigDict(from_attributes=True)

    experiments: int = Field(description="Arrays in the database, compressed.")
    datasets: int = Field(description="Uploaded files, each once.")


class System(BaseModel):
    """This installation."""

    versions: dict[str, str]
    database: str
    workers: dict[str, int]
    queue_depth: int | None
    disk_bytes: DiskUse | None = Field(description="None while the database is away.")
    limits: dict[str, float]


@router.get("/healthz")
def healthz() -> Health:
    """Liveness: this process answers."""
    return Health()


@router.get("/readyz", responses={503: {"model": Readiness}}, response_model=Readiness)
def readyz(service: Service) -> Any:
    """Readiness: the database and the broker answer, and a worker is alive."""
    database, workers = _database_answers(service), _workers(service)
    readiness = Readiness(
        ready=database and bool(workers),
        database=database,
        broker=workers is not None,
        workers=len(workers or {}),
    )
    return readiness if readiness.ready else JSONResponse(readiness.model_dump(), 503)


@router.get("/v1/system")
def system(service: Service) -> System:
    """Versions, workers, queue depth and limits of this installation."""
    workers = _workers(service)
    settings = service.settings
    return System(
        versions=versions(),
        database=service.database.engine.dialect.name,
        workers=workers or {},
        queue_depth=None if workers is None else int(service.broker.llen(QUEUE)),
        disk_bytes=_disk_use(service),
        limits={
            "memory_limit_bytes": settings.memory_limit_bytes,
            "max_upload_bytes": settings.max_upload_bytes,
            "max_request_bytes": settings.max_request_bytes,
            "max_attempts": settings.max_attempts,
            "lease_s": settings.lease_s,
        },
    )


def _database_answers(service: Context) -> bool:
    try:
        with service.database.read() as connection:
            return connection.execute(sa.select(1)).scalar() == 1
    except sa.exc.DBAPIError:
        return False


def _disk_use(service: Context) -> DiskUse | None:
    try:
        return DiskUse.model_validate(disk.disk_use(service.database))
    except sa.exc.DBAPIError:
        return None


def _workers(service: Context) -> dict[str, int] | None:
    """The live workers, or None when the broker is away."""
    try:
        return live_workers(service.broker)
    except (RedisError, OSError):
        return None
