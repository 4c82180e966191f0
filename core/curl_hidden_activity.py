"""What the neighbours of probes, and neurons shuffled over them, say of hidden activity.

Neither is measured on the path of the weights: its records follow each other, so that neighbours
are those in time, and a slow drift exceeds every shuffle.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.curl_clouds import Shapes, looks, points
from core.experiment import Estimate
from core.kernels.component_numbers import PERCENTILE, leading, shuffled_spectra
from core.kernels.intrinsic_dimension import ESTIMATES, named_estimates, neighbours_for
from core.kernels.ledger import Stage
from core.kernels.neighbours import (
    BLOCK_NUMBERS,
    SPARE,
    distinct_points,
    neighbour_distances,
)
from core.kernels.participation_ratio import covariance_spectrum
from core.kernels.portions import Report

Floats = NDArray[np.float64]
Local = Literal["twonn", "mle", "gride"]

LOCAL: Mapping[Local, tuple[str, ...]] = {
    "twonn": ("twonn",),
    "mle": ("mle",),
    "gride": tuple(name for name in ESTIMATES if name.startswith("gride_")),
}
"""The estimates behind each name that a spec may give."""

_LEAST_POINTS = 3  # two neighbours of each

_LOOK_S = 2.5e-4
_PAIR_S = 5.0e-9
_PAIR_NUMBER_S = 3.0e-11
_PROBE_NUMBER_S = 5.0e-8
_CANDIDATE_S = 2.0e-9
_ESTIMATE_S = 3.0e-4
_ESTIMATE_PROBE_S = 2.5e-7
_BLOCKS = 2  # of products, while the nearest are chosen
_COPIES = 6  # of the activity, while its distinct points are found
_SHUFFLE_S = 8.0e-5
_SHUFFLED_NUMBER_S = 2.0e-8
_SVD_S = 5.0e-10


def local_dimensions(
    activity: NDArray[Any], names: Sequence[str], report: Report, stage: Callable[..., Stage]
) -> tuple[Floats, Floats]:
    """Each named estimate of "arm replicate record probe hidden", "estimates arm replicate record",
    and how many probes differ; nan where fewer than three do, or fewer than an estimate needs.
    """
    shape = activity.shape[:3]
    kept = stage(len(names) + 1, every := int(np.prod(shape)))
    places = ((slice(n, n + 1), place) for n, place in enumerate(np.ndindex(shape)))
    for own, place in kept.missing(places):
        distinct, _ = distinct_points(activity[place].astype(np.float64))
        part = _part(report, own.start, every)
        values = [*_estimates(distinct, names, part).tolist(), float(len(distinct))]
        kept.add(own, np.array(values)[:, None])
        report(own.stop / every)
    found = kept.values.reshape(-1, *shape)
    return found[:-1], found[-1]


def parallel_numbers(
    activity: NDArray[Any], report: Report, stage: Callable[..., Stage], *, shuffles: int, seed: int
) -> Floats:
    """Leading components of "arm replicate record probe hidden" with more variance than the 95th
    percentile when every neuron is shuffled over probes; nan where nothing varies.

    Rules and records share the shuffles of a replicate, so that they differ by less than chance.
    """
    shape = activity.shape[:3]
    kept = stage(every := int(np.prod(shape)))
    places = ((slice(n, n + 1), place) for n, place in enumerate(np.ndindex(shape)))
    for own, place in kept.missing(places):
        part = _part(report, own.start, every)
        drawn = np.random.SeedSequence([seed, place[1]])
        value = _parallel_number(activity[place].astype(np.float64), drawn, shuffles, part)
        kept.add(own, np.array([value]))
        report(own.stop / every)
    return kept.values.reshape(shape)


def local_cost(shapes: Shapes, names: Sequence[str]) -> Estimate:
    """Of the distances between all probes, and of the estimates from them."""
    every, (probes, hidden) = int(np.prod(looks(shapes, "hidden"))), points(shapes, "hidden")
    near = min(neighbours_for(names) + SPARE, probes)
    pairs, candidates = every * probes**2, every * probes * near
    of_pairs = (_PAIR_S + _PAIR_NUMBER_S * hidden) * pairs
    of_candidates = _CANDIDATE_S * (near + hidden) * candidates
    of_estimates = every * len(names) * (_ESTIMATE_S + _ESTIMATE_PROBE_S * probes)
    of_looks = every * (_LOOK_S + _PROBE_NUMBER_S * probes * hidden)
    held = 4 * _BLOCKS * min(probes**2, BLOCK_NUMBERS) + 8 * _COPIES * probes * hidden
    return Estimate(
        memory_bytes=held + 40 * probes * near,
        operations=2 * pairs * hidden + candidates * (near + 3 * hidden),
        seconds=of_looks + of_pairs + of_candidates + of_estimates,
    )


def parallel_cost(shapes: Shapes, shuffles: int) -> Estimate:
    """Of the spectra of all shuffles."""
    every, (probes, hidden) = int(np.prod(looks(shapes, "hidden"))), points(shapes, "hidden")
    spectra, numbers, size = every * (1 + shuffles), probes * hidden, min(probes, hidden)
    return Estimate(
        memory_bytes=8 * (4 * numbers + 2 * size * shuffles),
        operations=spectra * numbers * (20 + 4 * size),
        seconds=spectra * (_SHUFFLE_S + (_SHUFFLED_NUMBER_S + _SVD_S * size) * numbers),
    )


def _estimates(distinct: Floats, names: Sequence[str], report: Report) -> Floats:
    if len(distinct) < _LEAST_POINTS or not np.isfinite(distinct).all():
        return np.full(len(names), np.nan)
    most = min(neighbours_for(names), len(distinct) - 1)
    return named_estimates(neighbour_distances(distinct, most, report), names)


def _parallel_number(
    activity: Floats, seed: np.random.SeedSequence, shuffles: int, report: Report
) -> float:
    if not np.isfinite(activity).all():
        return np.nan
    spectrum = covariance_spectrum(activity)
    if not spectrum.sum() > 0:
        return np.nan
    shuffled = shuffled_spectra(activity, seed, shuffles, report)
    return float(leading(spectrum, np.percentile(shuffled, PERCENTILE, axis=0)))


def _part(report: Report, n: int, parts: int) -> Report:
    return lambda fraction: report((n + fraction) / parts)
