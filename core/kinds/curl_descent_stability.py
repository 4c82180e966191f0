"""Whether rule-flipped neurons leave the solutions of a linear network stable: theory and samples.

Free probability gives the spectrum of the rates in large networks (Ninou, Kadmon and Cayco-Gajic,
NeurIPS 2025, arXiv:2510.02765); sampled networks show what finite sizes make of it.
"""

from collections.abc import Mapping
from functools import partial
from math import isclose

import numpy as np

from core.charts.stability import draw_spectrum
from core.checkpoints import ledger
from core.columns import columns_of
from core.curl_stability import Empirical, StabilitySpec, flips_of, layers_of, sizes_of
from core.dataset import DatasetSummary
from core.experiment import (
    Array,
    Dataset,
    Equation,
    Estimate,
    Figure,
    Kind,
    Metric,
    Progress,
    Result,
    Row,
)
from core.given_arrays import (
    Floats,
    Wanted,
    check_array,
    memory_bytes,
    read_covariance_root,
    wanted_covariance,
)
from core.kernels.free_probability import Ensemble, atoms, left_edge, right_edge
from core.kernels.spectral_density import density, density_points, pieces, support
from core.kernels.stability_sampling import (
    DIAGONALISE_S,
    DRAW_S,
    MULTIPLY_ADD_S,
    Sampled,
    sampled_eigenvalues,
)

POINTS = 200
"""Of the density in each piece of its support."""

UNIT = "M Var W1"
BASE_BYTES = 10_000_000
THEORY_S = 0.1
"""Per cubed row of a symmetric matrix."""
MATRIX_S = 5.0e-6
NETWORK_S = 1.5e-4
"""Drawing a network, beside its numbers."""

METRICS: Mapping[str, Metric] = {
    "left_edge": Metric(
        "Lowest point of the spectrum of large networks, the slowest rate; null without a theory "
        "of it (postsynaptic flips, several outputs, correlated inputs).",
        unit=UNIT,
    ),
    "right_edge": Metric("Highest point of that spectrum, the fastest rate.", unit=UNIT),
    "stable": Metric(
        "Whether the left edge is positive: solutions of large networks are stable. Correlated "
        "inputs do not change it; null for postsynaptic flips or several outputs.",
        type="boolean",
    ),
    "margin": Metric(
        "Left edge over the larger absolute value of both edges: how slow the slowest direction is "
        "beside the fastest; negative if unstable."
    ),
    "atom_mass": Metric("Share of directions whose rate is exactly kappa or -kappa."),
    "probability_stable": Metric(
        "Share of the sampled networks all of whose rates are positive; null without samples."
    ),
    "empirical_left_edge": Metric(
        "Lowest rate of a sampled network, averaged over draws; null without samples.", unit=UNIT
    ),
    "largest_learning_rate": Metric(
        "Full-batch step at which the fastest direction stops shrinking, 2 / right edge; null "
        "without that.",
        unit=f"1 / ({UNIT} Var x)",
    ),
    "origin_centre_share": Metric(
        "Share of the hidden neurons that turn around zero weights, as around a centre, instead of "
        "leaving them as from a saddle (large networks, random teacher); at hidden_fraction 0.5, "
        "where the teacher decides, the mean over teachers. Null where the theory has no spectrum."
    ),
}


def run(spec: StabilitySpec, inputs: Mapping[str, Dataset], progress: Progress) -> Result:
    """The theory where there is one, then network after network."""
    progress(0.0)
    arrays = _theory(spec) if spec.has_theory else {}
    warnings = _without_theory(spec)
    if spec.empirical is not None:
        covariance = _covariance(spec, inputs)
        arrays["eigenvalues"] = _empirical(spec, spec.empirical, covariance, progress)
        warnings += _as_sampled(spec, spec.empirical)
    progress(1.0)
    return Result(arrays, warnings)


def rows(spec: StabilitySpec, result: Result) -> tuple[Row, ...]:
    """One row: theory and samples of the same networks."""
    metrics: dict[str, float | bool | None] = dict.fromkeys(METRICS)
    if spec.has_theory:
        low, high = (float(edge) for edge in result["edges"])
        metrics["stable"] = low > 0
    if spec.has_density:
        metrics |= {"left_edge": low, "right_edge": high, "margin": low / max(abs(low), abs(high))}
        metrics["atom_mass"] = float(result["atom_mass"].sum())
        metrics["largest_learning_rate"] = 2 / high if high > 0 else None
        metrics["origin_centre_share"] = _origin_centre_share(spec)
    if spec.empirical is not None:
        lowest = result["eigenvalues"].min(axis=1)
        metrics["probability_stable"] = float((lowest > 0).mean())
        metrics["empirical_left_edge"] = float(lowest.mean())
    return (Row("all", 0, metrics),)


def _origin_centre_share(spec: StabilitySpec) -> float:
    """Hidden neuron i obeys w2_i'' = D2_ii (beta D1 beta^T) w2_i: a centre where that is negative.

    The teacher's map beta has independent entries, so its sign is that of 1 - 2 hidden_fraction;
    if that is zero, either sign is as likely, and r or 1 - r of the neurons turn.
    """
    if spec.hidden_fraction == 0.5:
        return 0.5
    flipped = spec.readout_fraction
    return flipped if spec.hidden_fraction < 0.5 else 1 - flipped


def estimate(spec: StabilitySpec, summaries: Mapping[str, DatasetSummary]) -> Estimate:
    """What the spec costs: the samples, beside which the theory is nothing."""
    if spec.empirical is None:
        return Estimate(BASE_BYTES, 10_000_000, THEORY_S)
    wanted, given_bytes = _wanted(spec), 0
    if wanted is not None:
        check_array(wanted, summaries[wanted.dataset])
        given_bytes = memory_bytes(summaries[wanted.dataset])
    layers = layers_of(spec, spec.empirical)
    M, N, K, draws = layers.inputs, layers.hidden, layers.outputs, spec.empirical.draws
    matrices, size = _matrices(spec, spec.empirical)
    correlated = spec.input_covariance is not None
    products = N * M * M + correlated * (2 + 2 * K) * M**3
    cubes = matrices * size**3 + (spec.site == "postsynaptic") * M**3
    seconds = products * MULTIPLY_ADD_S + N * (M + K) * DRAW_S + cubes * DIAGONALISE_S
    stacked = 1 if spec.site == "presynaptic" else matrices
    numbers = (N + 2 * K) * M + 4 * stacked * size**2 + (3 + correlated) * M * M
    return Estimate(
        memory_bytes=BASE_BYTES + given_bytes + 8 * (numbers + 3 * draws * M * K),
        operations=draws * (2 * products + 4 * cubes),
        seconds=THEORY_S + draws * (seconds + NETWORK_S + matrices * MATRIX_S),
    )


def example() -> StabilitySpec:
    """Half of the inputs flipped in an expansive network, just stable: twenty networks."""
    return StabilitySpec(empirical=Empirical(draws=20))


def _theory(spec: StabilitySpec) -> dict[str, Array]:
    """What free probability says of large networks with white inputs."""
    ensemble = Ensemble(
        spec.compression_ratio, spec.hidden_fraction, spec.readout_fraction, spec.kappa
    )
    edges = np.array([float(left_edge(ensemble)), float(right_edge(ensemble))])
    arrays = {"edges": Array(edges, ("end",), UNIT)}
    if not spec.has_density:
        return arrays
    points, masses = density_points(pieces(ensemble), POINTS), atoms(ensemble)
    return arrays | {
        "support": Array(support(ensemble), ("interval", "end"), UNIT),
        "density_x": Array(points, ("point",), UNIT),
        "density": Array(density(ensemble, points), ("point",), f"1 / ({UNIT})"),
        "atom_position": Array(masses[:, 0].copy(), ("atom",), UNIT),
        "atom_mass": Array(masses[:, 1].copy(), ("atom",)),
    }


def datasets(spec: StabilitySpec) -> tuple[str, ...]:
    """The covariance of one's own, if there is one."""
    named = spec.input_covariance and spec.input_covariance.dataset
    return (named,) if named else ()


def _wanted(spec: StabilitySpec) -> Wanted | None:
    """What must be in it, if networks are sampled."""
    if spec.empirical is None:
        return None
    field, rows = "input_covariance.dataset", spec.empirical.inputs
    return next((wanted_covariance(field, name, rows) for name in datasets(spec)), None)


def _covariance(spec: StabilitySpec, inputs: Mapping[str, Dataset]) -> float | Floats | None:
    """The root of a covariance with mean variance 1, the exponent of a power law, or nothing."""
    wanted = _wanted(spec)
    if wanted is None:
        return None if spec.input_covariance is None else spec.input_covariance.exponent
    root = read_covariance_root(wanted, inputs)
    return np.asarray(root * np.sqrt(len(root) / (root**2).sum()))


def _empirical(
    spec: StabilitySpec,
    empirical: Empirical,
    covariance: float | Floats | None,
    progress: Progress,
) -> Array:
    """The rates of every sampled network."""
    sampled = Sampled(layers_of(spec, empirical), spec.kappa, spec.seed)
    kept = ledger(progress).stage("networks", empirical.inputs * spec.outputs, empirical.draws)
    every = ((slice(draw, draw + 1), draw) for draw in range(empirical.draws))
    for place, draw in kept.missing(every):
        rates = sampled_eigenvalues(
            sampled,
            flips_of(spec, empirical),
            draw,
            covariance=covariance,
            tick=partial(progress, draw / empirical.draws),
        )
        kept.add(place, rates[:, None])
    return Array(kept.by_draw, ("draw", "eigenvalue"), UNIT)


def _matrices(spec: StabilitySpec, empirical: Empirical) -> tuple[int, int]:
    """How many matrices of which size one network needs diagonalised."""
    if spec.site == "presynaptic":
        return spec.outputs, empirical.inputs
    if spec.input_covariance is None:
        return empirical.inputs, spec.outputs
    return 1, spec.rows


def _without_theory(spec: StabilitySpec) -> tuple[str, ...]:
    if not spec.has_theory:
        which = "postsynaptic flips" if spec.site == "postsynaptic" else "several outputs"
        return (f"there is no closed-form theory for {which}: sampled networks alone",)
    if not spec.has_density:
        return (
            "there is no closed-form spectrum for correlated inputs; the verdict is that of white "
            "inputs, since a covariance changes the rates but none of their signs",
        )
    return ()


def _as_sampled(spec: StabilitySpec, empirical: Empirical) -> tuple[str, ...]:
    """Whole neurons do not make every ratio and fraction."""
    layers, flips = layers_of(spec, empirical), flips_of(spec, empirical)
    sizes = sizes_of(spec, layers)
    asked = (spec.compression_ratio, spec.hidden_fraction, spec.readout_fraction)
    real = (layers.inputs / layers.hidden, flips.hidden / sizes[0], flips.readout / sizes[1])
    if all(isclose(a, b, rel_tol=0.01) for a, b in zip(asked, real, strict=True)):
        return ()
    return (
        f"the sampled networks have {layers.inputs} inputs and {layers.hidden} hidden neurons, "
        f"{flips.hidden} and {flips.readout} neurons flipped: a compression ratio of {real[0]:.4g} "
        f"and fractions of {real[1]:.4g} and {real[2]:.4g}",
    )


KIND: Kind[StabilitySpec] = Kind(
    name="curl_descent.stability",
    version=1,
    summary="Whether flipped neurons leave the solutions of a linear network stable: spectrum and "
    "edges from free probability, beside the rates of sampled networks.",
    spec=StabilitySpec,
    columns=columns_of(StabilitySpec),
    metrics=METRICS,
    figures={
        "spectrum": Figure(
            "Rates of sampled networks as a histogram, with the density, edges and atoms of large "
            "ones; directions left of zero are unstable.",
            draw_spectrum,
        ),
    },
    references=(
        "H. Ninou, J. Kadmon, N. A. Cayco-Gajic. Curl Descent: Non-Gradient Learning Dynamics with "
        "Sign-Diverse Plasticity. NeurIPS 2025, arXiv:2510.02765.",
        "J. A. Mingo, R. Speicher. Free Probability and Random Matrices. Springer 2017.",
    ),
    equations=(
        Equation(
            "Solutions are stable if all eigenvalues of this matrix are positive (one output, "
            "presynaptic flips)",
            r"A = \lVert W_2 \rVert^2 D_1 + W_1^{\top} D_2 W_1",
        ),
        Equation(
            "In large networks its spectrum is a free sum, in units of M Var W1; with "
            "compression ratio c and fractions flipped",
            r"z(w) = \frac{1}{c} \left[ \frac{1 - \alpha_r}{1 - w} - \frac{\alpha_r}{1 + w} "
            r"\right] + G_D^{-1}(w), \qquad G_D(u) = \frac{1 - \alpha_h}{u - \kappa} + "
            r"\frac{\alpha_h}{u + \kappa}",
        ),
        Equation(
            "The left edge is the largest z on the leftmost branch, and the verdict its sign",
            r"\lambda_{-} = \max_{-1 < w < 0} z(w) > 0",
        ),
        Equation(
            "At zero weights, where the other fixed point is, the readout weight of hidden neuron "
            "i grows or turns with the sign of its flip and of the teacher's map",
            r"\ddot{w}_{2,i} = D_{2,ii} \left( \beta D_1 \beta^{\top} \right) w_{2,i}",
        ),
    ),
    beware=(
        "Theory is for infinitely large layers: below a few hundred neurons look at the sampled "
        "networks.",
        "Stable means that small errors shrink under continuous time; discrete steps also need "
        "a learning rate below largest_learning_rate.",
        "A norm constraint is outside this theory; it moves single eigenvalues of small networks.",
    ),
    run=run,
    rows=rows,
    estimate=estimate,
    example=example,
    datasets=datasets,
)
