"""Datasets: upload, what was found in a file, and what to do with it."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from api.context import Service
from api.dashboard.rendering import page
from api.datasets import Dataset, Id, list_datasets, show_dataset
from api.pages import Cursor, PageQuery
from core.dataset import DatasetSummary
from core.kinds import KINDS
from store import experiments

router = APIRouter()

OF_A_DATASET = 10


@router.get("/datasets")
def datasets_page(request: Request, service: Service, cursor: Cursor = None) -> Response:
    """All datasets, newest first, and where to drop another."""
    found = list_datasets(PageQuery(cursor=cursor), service)
    limit = service.settings.max_upload_bytes
    return page(request, "datasets.html", datasets=found.items, next=found.next_cursor, limit=limit)


@router.get("/datasets/{id:uuid}")
def dataset_page(id: Id, request: Request, service: Service) -> Response:
    """One dataset."""
    dataset = show_dataset(id, service)
    return page(
        request,
        "dataset.html",
        dataset=dataset,
        counts=_counts(dataset),
        analyses=_analyses(),
        recent=experiments.on_dataset(service.database, str(id), OF_A_DATASET),
    )


def _analyses() -> list[str]:
    """Kinds whose specs name a dataset as a field of their own."""
    return [name for name, kind in KINDS.items() if any(c.name == "dataset" for c in kind.columns)]


def _counts(dataset: Dataset) -> list[Mapping[str, Any]]:
    """Trials by target, in one column per combination of block labels."""
    summary: DatasetSummary | None = dataset.summary
    if summary is None:
        return []
    rows: dict[str, dict[str, int]] = {target: {} for target in summary.targets}
    for cell in summary.cells:
        blocks = ", ".join(f"{name} {label}" for name, label in cell.blocks.items()) or "all"
        rows[cell.target][blocks] = cell.trials
    return [{"target": target, "trials": trials} for target, trials in rows.items()]
