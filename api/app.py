"""The application: one FastAPI app from one settings object."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.middleware.exceptions import ExceptionMiddleware

from api import (
    activity,
    archives,
    changes,
    compare,
    dataset_files,
    datasets,
    events,
    experiments,
    kinds,
    metrics,
    presets,
    problems,
    query,
    results,
    sweep_figures,
    sweep_results,
    sweeps,
    system,
    tokens,
)
from api.access import Access, Door
from api.context import Context
from api.dashboard import routers
from api.dashboard.error_pages import ErrorPages
from api.limits import BodyLimit
from api.observation import Observation
from api.security_headers import SecurityHeaders
from store.database import Database
from store.datasets import interrupted
from store.settings import Settings
from workers.app import make_app
from workers.broker import HASTY_S, PATIENT_S, connect, connect_async


def create_app(
    settings: Settings, stopping: Callable[[], bool] = lambda: False, door: Door | None = None
) -> FastAPI:
    """The service over HTTP; `stopping` turns true when open event streams must end."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.context = Context(
            settings=settings,
            database=Database(settings.resolved_database_url),
            celery=make_app(settings, answer_s=HASTY_S),
            broker=connect(settings),
            counting=connect_async(settings),
            events=connect_async(settings, PATIENT_S),
            stopping=stopping,
        )
        receiving = app.state.context.receiving
        for dataset in interrupted(app.state.context.database, settings):
            receiving.inspect(dataset)
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
    app.add_middleware(Access, door=door or Door())
    problems.install(app)
    # What nobody expected, and what goes wrong while looking who comes: answered in here, so that
    # this too gets its headers, its line in the log and its place in the metrics.
    app.add_middleware(ExceptionMiddleware, handlers=app.exception_handlers)
    app.add_middleware(ErrorPages)
    app.add_middleware(SecurityHeaders)
    app.state.registry = CollectorRegistry()
    app.add_middleware(Observation, registry=app.state.registry)
    for part in (
        *(kinds, experiments, changes, events, activity, results),
        *(query, compare, sweeps, sweep_results, sweep_figures),
        *(datasets, dataset_files, archives, presets),
        *(tokens, metrics, system),
    ):
        app.include_router(part.router)
    for router in routers.ROUTERS:
        app.include_router(router, include_in_schema=False)
    _document_problems(app)
    return app


def _document_problems(app: FastAPI) -> None:
    """Give the schema of problem documents its name in OpenAPI, where routes refer to it."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        document = plain()
        schema = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        parts = {**schema.pop("$defs", {}), "Problem": schema}
        components = document.setdefault("components", {})
        components.setdefault("schemas", {}).update(parts)
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        for operations in document["paths"].values():
            for operation in operations.values():
                _document_refusals(operation)
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _document_refusals(operation: dict[str, Any]) -> None:
    """What anybody may be answered before the route is asked; a token is not needed everywhere."""
    operation["security"] = [{}, {"token": []}]
    of_bodies = (415,) if "requestBody" in operation else ()
    for status, answer in problems.documented(401, 403, *of_bodies, 429, 503).items():
        operation["responses"].setdefault(str(status), answer)
