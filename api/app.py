"""The application: one FastAPI app from one settings object."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI

from api import (
    activity,
    archives,
    changes,
    compare,
    datasets,
    events,
    experiments,
    kinds,
    presets,
    problems,
    query,
    results,
    sweep_figures,
    sweeps,
    system,
)
from api.context import Context
from api.dashboard import routers
from api.limits import BodyLimit
from store.database import Database
from store.datasets import interrupted
from store.settings import Settings
from workers.app import make_app
from workers.broker import ANSWER_S, connect, connect_async


def create_app(settings: Settings, stopping: Callable[[], bool] = lambda: False) -> FastAPI:
    """The service over HTTP; `stopping` turns true when open event streams must end."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.context = Context(
            settings=settings,
            database=Database(settings.resolved_database_url),
            celery=make_app(settings, answer_s=ANSWER_S),
            broker=connect(settings),
            events=connect_async(settings),
            stopping=stopping,
        )
        for dataset in interrupted(app.state.context.database, settings):
            app.state.context.inspect(dataset)
        yield
        await app.state.context.close()

    app = FastAPI(
        title="Solenoid",
        summary="A NeuroAI experiment service: curl descent and neural dimensionality.",
        version=version("solenoid"),
        lifespan=lifespan,
        # The usual documentation pages load their scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
    )
    app.add_middleware(BodyLimit, settings=settings)
    problems.install(app)
    for part in (
        *(kinds, experiments, changes, events, activity, results),
        *(query, compare, sweeps, sweep_figures, datasets, archives, presets, system),
    ):
        app.include_router(part.router)
    for router in routers.ROUTERS:
        app.include_router(router)
    _document_problems(app)
    return app


def _document_problems(app: FastAPI) -> None:
    """Give the schema of problem documents its name in OpenAPI, where routes refer to it."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        document = plain()
        schema = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        parts = {**schema.pop("$defs", {}), "Problem": schema}
        document.setdefault("components", {}).setdefault("schemas", {}).update(parts)
        return document

    app.openapi = openapi  # type: ignore[method-assign]
