"""What the example of each kind gives: for its page and for whoever fills a cache with kernels."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from core.dataset import DatasetSummary
from core.examples import EXAMPLES
from core.experiment import Dataset, Result, silent
from core.kinds import KINDS
from core.reading import read_arrays
from core.summary import summarise
from store.inputs import as_input


@cache
def inputs(kind: str) -> Mapping[str, Dataset]:
    """The bundled recordings and the other experiments that the example names."""
    bundled = {example.dataset_id: example.path for example in EXAMPLES}
    named = KINDS[kind].datasets(KINDS[kind].example())
    uploaded = {name: read_arrays(bundled[name]).arrays for name in named}
    return uploaded | {
        name: _computed(*source) for name, source in KINDS[kind].example_sources.items()
    }


@cache
def result(kind: str) -> Result:
    """The example's result."""
    return KINDS[kind].run(KINDS[kind].example(), inputs(kind), silent)


def summaries(kind: str) -> Mapping[str, DatasetSummary]:
    """What an estimate knows of the example's inputs."""
    formats = {name: source for name, (source, _) in KINDS[kind].example_sources.items()}
    return {
        name: summarise(arrays, formats.get(name, "npz")) for name, arrays in inputs(kind).items()
    }


def _computed(source: str, document: Mapping[str, Any]) -> Dataset:
    """The result of another experiment, as an input."""
    kind = KINDS[source]
    spec = kind.spec.model_validate(document)
    found = kind.run(spec, {}, silent)
    return as_input(found, kind.rows(spec, found))
