"""The promises that every listed kind keeps. A new kind is tested here without another line."""

import math
import os
import pickle
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import altair as alt
import numpy as np
import pytest
from latex2mathml.converter import convert
from pydantic import BaseModel, ValidationError

from core.experiment import Cancelled, Compared, Kind, Refused
from core.figures import rendered, themed
from core.kinds import KINDS
from store.example_results import inputs, result, summaries
from store.settings import Settings
from tests.cold import Cold
from tests.conftest import COLD

every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))

ABSURD: tuple[Any, ...] = (10**18, -1, 1e300, math.nan, math.inf, "many", [], {})
LIMIT = Settings().memory_limit_bytes
HALF_A_PAGE = 870  # pixels of a figure that can still be read there: 566 of the page at 0.65


@every_kind
def test_the_example_is_some_seconds_of_work_at_most(kind: Kind[Any]) -> None:
    estimate = kind.estimate(kind.example(), summaries(kind.name))
    assert 0.1 <= estimate.seconds <= 6.0
    assert 0 < estimate.memory_bytes < LIMIT / 4


ELSEWHERE = {"curl_descent.phase_diagram": {"readout_fragile_above", "readout_robust_above"}}
"""What no example has: kappa is 1 in the paper's figure (tests/core/test_step_and_origin.py)."""


@pytest.fixture(scope="module")
def cold(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Cold:
    """Examples in a process with nothing compiled: the one that filled the cache, if it was empty.

    All kinds, unless only tests of some were asked for.
    """
    file = COLD
    if not file.exists():
        tests = [
            test for test in request.session.items if "cold" in getattr(test, "fixturenames", ())
        ]
        named = [getattr(test, "callspec", None) for test in tests]
        kinds = [each.params["kind"].name for each in named if each] if all(named) else list(KINDS)
        nothing = tmp_path_factory.mktemp("nothing")
        file = nothing / COLD.name
        subprocess.run(
            [sys.executable, "-m", "tests.cold", file, *kinds],
            cwd=Path(__file__).parents[1],
            env={**os.environ, "NUMBA_CACHE_DIR": str(nothing)},
            check=True,
        )
    found: Cold = pickle.loads(file.read_bytes())
    return found


@pytest.mark.timeout(600)  # it takes half a minute of a core; the others may be busy
def test_every_example_ends_within_thirty_seconds_cold(cold: Cold) -> None:
    seconds, _ = cold  # a process's own, not those that other tests take from it meanwhile
    assert set(seconds) == set(KINDS)
    assert max(seconds.values()) < 30, seconds


@every_kind
def test_the_same_spec_gives_the_same_bits(kind: Kind[Any], cold: Cold) -> None:
    """In another process, which compiled its kernels."""
    arrays, warnings = cold[1][kind.name]
    again = result(kind.name)
    assert set(again.arrays) == set(arrays)
    for name, values in arrays.items():
        assert values.tobytes() == again[name].tobytes(), name
    assert again.warnings == warnings


@every_kind
def test_arrays_are_frozen_and_their_axes_agree(kind: Kind[Any]) -> None:
    lengths: dict[str, int] = {}
    for name, array in result(kind.name).arrays.items():
        assert not array.values.flags.writeable, name
        for axis, length in zip(array.axes, array.values.shape, strict=True):
            assert lengths.setdefault(axis, length) == length, (name, axis)


@every_kind
def test_metrics_are_as_declared_and_finite_or_null(kind: Kind[Any]) -> None:
    rows = kind.rows(kind.example(), result(kind.name))
    assert rows
    assert len({(row.arm, row.replicate) for row in rows}) == len(rows)
    types: dict[str, Any] = {"number": (int, float), "integer": int, "boolean": bool}
    for row in rows:
        assert set(row.metrics) <= set(kind.metrics)
        for name, value in row.metrics.items():
            plain = value.item() if isinstance(value, np.generic) else value
            assert plain is None or isinstance(plain, types[kind.metrics[name].type]), name
            assert not isinstance(plain, float) or math.isfinite(plain), name


@every_kind
def test_the_example_has_a_value_for_every_metric(kind: Kind[Any]) -> None:
    rows = kind.rows(kind.example(), result(kind.name))
    known = {name for row in rows for name, value in row.metrics.items() if value is not None}
    assert known == set(kind.metrics) - ELSEWHERE.get(kind.name, set())


@every_kind
def test_an_analysis_of_data_says_in_words_what_it_found(kind: Kind[Any]) -> None:
    text = kind.reading(kind.example(), result(kind.name))
    assert text == "" or text.endswith(".")
    assert text or not kind.datasets(kind.example())


@every_kind
def test_every_equation_is_typeset_and_every_kind_warns_of_something(kind: Kind[Any]) -> None:
    for equation in kind.equations:
        assert "\\" not in convert(equation.tex), "a command that the typesetter does not know"
    assert kind.beware
    assert all(warning.endswith(".") for warning in kind.beware)


@every_kind
def test_every_figure_renders_in_the_width_it_is_given(kind: Kind[Any]) -> None:
    assert kind.figures
    for name, figure in kind.figures.items():
        document = themed(figure.draw(kind.example(), result(kind.name)))
        picture = rendered(document, "svg")
        found = re.match(rb'<svg [^>]*viewBox="0 0 ([0-9.]+) ', picture)
        assert found
        assert figure.wide == (float(found[1]) > HALF_A_PAGE), name
        assert rendered(document, "png").startswith(b"\x89PNG")


@every_kind
def test_every_overlay_draws_two_results_and_renders(kind: Kind[Any]) -> None:
    both = [Compared(label, kind.example(), result(kind.name)) for label in ("one", "two")]
    for overlay in kind.overlays.values():
        assert overlay.description
        document = themed(overlay.draw(iter(both)))
        alt.Chart.from_dict(document)  # raises unless it is valid Vega-Lite
        assert rendered(document, "svg").startswith(b"<svg")


@every_kind
def test_the_spec_survives_json(kind: Kind[Any]) -> None:
    spec = kind.example()
    assert kind.spec.model_validate_json(spec.model_dump_json()) == spec
    assert kind.spec.model_validate(spec.model_dump(mode="json")) == spec


@every_kind
def test_every_field_is_documented(kind: Kind[Any]) -> None:
    assert kind.spec.__doc__
    for path, model in models(kind.spec):
        for name, field in model.model_fields.items():
            assert field.description or list(groups(field.annotation)), (*path, name)


@every_kind
def test_parameters_are_scalars_of_the_declared_types(kind: Kind[Any]) -> None:
    types: dict[str, Any] = {"number": (int, float), "integer": int, "boolean": bool, "text": str}
    parameters = kind.parameters(kind.example())
    for column in kind.columns:
        value = parameters[column.name]
        assert value is None or isinstance(value, types[column.type]), column.name


@every_kind
def test_unknown_fields_are_refused_at_every_level(kind: Kind[Any]) -> None:
    for path, _ in models(kind.spec):
        document = kind.example().model_dump(mode="json")
        place = document
        for name in path:
            if place[name] is None:
                place[name] = {}
            place = place[name]
        place["no_such_field"] = 1
        with pytest.raises(ValidationError, match="no_such_field"):
            kind.spec.model_validate(document)


@every_kind
def test_absurd_values_are_refused_at_once_or_cost_what_they_cost(kind: Kind[Any]) -> None:
    for path in leaves(kind.example().model_dump(mode="json")):
        for value in ABSURD:
            start = time.monotonic()
            _try(kind, path, value)
            assert time.monotonic() - start < 1.0, (path, value)


@every_kind
def test_a_run_nobody_wants_any_more_stops(kind: Kind[Any]) -> None:
    def unwanted(fraction: float, /, **values: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        kind.run(kind.example(), inputs(kind.name), unwanted)


def _try(kind: Kind[Any], path: tuple[str, ...], value: Any) -> None:
    """An absurd value is refused, or the spec is one that could run here and says its cost."""
    document = kind.example().model_dump(mode="json")
    place = document
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    try:
        estimate = kind.estimate(kind.spec.model_validate(document), summaries(kind.name))
    except (ValidationError, Refused):
        return
    assert not isinstance(value, str | list | dict), (path, value)
    assert math.isfinite(value), (path, value)
    assert math.isfinite(estimate.seconds)


def models(
    spec: type[BaseModel], above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], type[BaseModel]]]:
    """A spec's model and those nested in it, each with its path."""
    yield above, spec
    for name, field in spec.model_fields.items():
        for group in groups(field.annotation):
            yield from models(group, (*above, name))


def groups(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models among the alternatives of an annotation."""
    for choice in (annotation, *get_args(annotation)):
        if isinstance(choice, type) and issubclass(choice, BaseModel):
            yield choice


def leaves(document: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of a document's scalars."""
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from leaves(value, (*above, name))
        elif isinstance(value, int | float):
            yield (*above, name)
