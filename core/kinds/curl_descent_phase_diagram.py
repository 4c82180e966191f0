"""How many flipped neurons solutions bear, by compression ratio: closed forms, surface, samples.

Figure 2 of Ninou, Kadmon and Cayco-Gajic, NeurIPS 2025, arXiv:2510.02765.
"""

from collections.abc import Callable, Mapping
from functools import partial
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from core.charts.phase_diagram import draw_critical_lines, draw_joint_surface
from core.checkpoints import Checkpoints, checkpoints
from core.columns import Column, columns_of
from core.curl_descent_networks import flipped
from core.curl_phase_diagram import Joint, PhaseDiagramSpec, Simulated
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
    without,
)
from core.kernels.critical_lines import (
    Floats,
    critical_hidden_fraction,
    critical_readout_fraction,
)
from core.kernels.free_probability import Ensemble, critical_joint_fraction, left_edge
from core.kernels.networks import Layers
from core.kernels.stability_sampling import (
    DIAGONALISE_S,
    DRAW_S,
    MULTIPLY_ADD_S,
    Sampled,
    sampled_verdicts,
)

SURFACE_POINTS = 8000  # at a time: some milliseconds of work, whose arrays stay in the cache

BASE_BYTES = 10_000_000
LINE_POINT_S = 3.0e-7
SURFACE_POINT_S = 1.5e-6
GATHER_S = 1.2e-8
VERDICT_S = 3.0e-5

METRICS: Mapping[str, Metric] = {
    "hidden_robust_below": Metric(
        "Compression ratio up to which solutions are stable at every fraction of flipped inputs, "
        "1 / (1 + sqrt kappa)^2."
    ),
    "hidden_fragile_above": Metric(
        "Compression ratio from which one flipped input destabilises, 2 / (1 + 2 kappa)."
    ),
    "readout_fragile_above": Metric(
        "Compression ratio from which one flipped hidden neuron destabilises, 1 / (2 (1 - kappa)); "
        "null for kappa >= 1, where there is none."
    ),
    "readout_robust_above": Metric(
        "Compression ratio above which solutions are stable at every fraction of flipped hidden "
        "neurons, 1 / (sqrt kappa - 1)^2; null for kappa <= 1, where there is none."
    ),
    "joint_stable_share": Metric(
        "Share of all pairs of fractions that are stable at joint.compression_ratio; null without."
    ),
    "simulated_agreement": Metric(
        "Share of the sampled networks whose verdict is that of the critical lines; null without "
        "samples."
    ),
}


def run(spec: PhaseDiagramSpec, inputs: Mapping[str, Dataset], progress: Progress) -> Result:
    """The two lines, then the surface of joint flips, then networks."""
    progress(0.0)
    arrays = _lines(spec)
    parts = _seconds(spec)
    split = parts["joint"] / max(parts["joint"] + parts["simulated"], 1e-9)
    if spec.joint is not None:
        arrays |= _joint(spec, spec.joint, lambda done: progress(split * done))
    if spec.simulated is not None:
        arrays |= _simulated(
            spec,
            spec.simulated,
            lambda done: progress(split + (1 - split) * done),
            checkpoints(progress),
        )
    progress(1.0)
    return Result(arrays)


def rows(spec: PhaseDiagramSpec, result: Result) -> tuple[Row, ...]:
    """One row for the whole diagram."""
    joint = result["joint_left_edge"] if spec.joint is not None else None
    kappa = spec.kappa
    metrics = {
        "hidden_robust_below": 1 / (1 + sqrt(kappa)) ** 2,
        "hidden_fragile_above": 2 / (1 + 2 * kappa),
        "readout_fragile_above": 1 / (2 * (1 - kappa)) if kappa < 1 else None,
        "readout_robust_above": 1 / (sqrt(kappa) - 1) ** 2 if kappa > 1 else None,
        "joint_stable_share": None if joint is None else float((joint > 0).mean()),
        "simulated_agreement": None if spec.simulated is None else _agreement(spec, result),
    }
    return (Row("all", 0, metrics),)


def estimate(spec: PhaseDiagramSpec, datasets: Mapping[str, DatasetSummary]) -> Estimate:
    """What the spec costs, from its sizes alone."""
    seconds = sum(_seconds(spec).values())
    numbers = 12 * spec.compression_ratio.points
    if spec.joint is not None:
        numbers += 2 * spec.joint.points**2 + 20 * max(SURFACE_POINTS, spec.joint.points)
    if spec.simulated is not None:
        largest = max(_weights(layers) for layers in _networks(spec, spec.simulated))
        numbers += 2 * largest + 6 * spec.simulated.neurons**2 + 2**20
    return Estimate(BASE_BYTES + 8 * numbers, int(seconds * 1e9), seconds)


def example() -> PhaseDiagramSpec:
    """Both lines of figure 2, joint flips in an expansive network, and a few networks."""
    return PhaseDiagramSpec(
        joint=Joint(points=200),
        simulated=Simulated(ratios=7, fractions=11, neurons=30, draws=5),
    )


def _lines(spec: PhaseDiagramSpec) -> dict[str, Array]:
    ratios = spec.compression_ratio
    c = np.geomspace(ratios.from_, ratios.to, ratios.points)
    axes = ("compression_ratio",)
    return {
        "compression_ratio": Array(c, axes),
        "critical_hidden_fraction": Array(critical_hidden_fraction(c, spec.kappa), axes),
        "critical_readout_fraction": Array(critical_readout_fraction(c, spec.kappa), axes),
    }


def _joint(
    spec: PhaseDiagramSpec, joint: Joint, report: Callable[[float], None]
) -> dict[str, Array]:
    """The left edge over the square of both fractions, and the line where it is zero."""
    fractions = np.linspace(0, 1, joint.points)
    surface = np.empty((joint.points, joint.points))
    c, together = joint.compression_ratio, max(1, SURFACE_POINTS // joint.points)
    line = critical_joint_fraction(c, fractions, spec.kappa)
    for first in range(0, joint.points, together):
        some = slice(first, first + together)
        surface[some] = left_edge(Ensemble(c, fractions[some, None], fractions, spec.kappa))
        report(first / joint.points)
    return {
        "joint_fraction": Array(fractions, ("joint_hidden_fraction",)),
        "joint_left_edge": Array(
            surface, ("joint_hidden_fraction", "joint_readout_fraction"), "M Var W1"
        ),
        "joint_critical_readout_fraction": Array(line, ("joint_hidden_fraction",)),
    }


def _simulated(
    spec: PhaseDiagramSpec,
    simulated: Simulated,
    report: Callable[[float], None],
    places: Checkpoints,
) -> dict[str, Array]:
    """For every network drawn: real fractions, and whether it is stable at each of them."""
    networks = _networks(spec, simulated)
    work = np.repeat([_weights(layers) for layers in networks], simulated.draws)
    done = np.append(0, np.cumsum(work)) / work.sum()
    fractions = np.linspace(0, 1, simulated.fractions)
    counts = [_counts(layers, fractions) for layers in networks]
    state = {"stable": np.zeros((2, len(networks), simulated.fractions)), "drawn": np.array(0)}
    state |= {name: values.copy() for name, values in (places.kept() or {}).items()}
    stable = state["stable"]
    for n in range(int(state["drawn"]), len(work)):
        place = n // simulated.draws
        sampled = Sampled(networks[place], spec.kappa, spec.seed)
        stable[:, place] += sampled_verdicts(
            sampled, counts[place], n, partial(report, float(done[n]))
        )
        state["drawn"] = np.array(n + 1)
        places.keep(lambda: {name: values.copy() for name, values in state.items()})
    return _simulated_arrays(networks, np.array(counts), stable / simulated.draws)


def _counts(layers: Layers, fractions: Floats) -> tuple[list[int], list[int]]:
    """How many inputs, and how many hidden neurons, each fraction is."""
    first, second = (
        [flipped(fraction, size) for fraction in fractions.tolist()]
        for size in (layers.inputs, layers.hidden)
    )
    return first, second


def _simulated_arrays(
    networks: list[Layers], counts: NDArray[np.int64], stable: Floats
) -> dict[str, Array]:
    sizes = np.array([[layers.inputs, layers.hidden] for layers in networks])
    axes = ("simulated_ratio", "simulated_fraction")
    return {
        "simulated_compression_ratio": Array(sizes[:, 0] / sizes[:, 1], axes[:1]),
        "simulated_hidden_fraction": Array(counts[:, 0] / sizes[:, :1], axes),
        "simulated_readout_fraction": Array(counts[:, 1] / sizes[:, 1:], axes),
        "simulated_hidden_stable": Array(stable[0], axes),
        "simulated_readout_stable": Array(stable[1], axes),
    }


def _networks(spec: PhaseDiagramSpec, simulated: Simulated) -> list[Layers]:
    """The sizes of the sampled networks, one for each compression ratio."""
    ratios, n = spec.compression_ratio, simulated.neurons
    return [
        Layers(round(n * max(c, 1.0)), round(n / min(c, 1.0)), 1)
        for c in np.geomspace(ratios.from_, ratios.to, simulated.ratios).tolist()
    ]


def _weights(layers: Layers) -> int:
    return layers.inputs * layers.hidden


def _agreement(spec: PhaseDiagramSpec, result: Result) -> float:
    """The share of samples whose verdict is the theory's, at their own ratios and fractions."""
    c = result["simulated_compression_ratio"][:, None]
    shares = []
    for layer, critical in (
        ("hidden", critical_hidden_fraction(c, spec.kappa)),
        ("readout", critical_readout_fraction(c, spec.kappa)),
    ):
        fraction = result[f"simulated_{layer}_fraction"]
        theory = (fraction == 0) | (fraction < critical) | (critical == 1)
        stable = result[f"simulated_{layer}_stable"]
        shares.append(np.where(theory, stable, 1 - stable).mean())
    return float(np.mean(shares))


def _seconds(spec: PhaseDiagramSpec) -> dict[str, float]:
    """What each part takes on one core."""
    joint = simulated = 0.0
    if spec.joint is not None:
        points = spec.joint.points
        joint = 0.005 + SURFACE_POINT_S * points**2
    if spec.simulated is not None:
        n, verdicts = spec.simulated.neurons, 2 * spec.simulated.fractions
        networks = _networks(spec, spec.simulated)
        per_weight = DRAW_S + GATHER_S + 2 * n * MULTIPLY_ADD_S
        drawn = per_weight * sum(_weights(layers) for layers in networks)
        each = VERDICT_S + DIAGONALISE_S * n**3
        simulated = spec.simulated.draws * (drawn + len(networks) * verdicts * each)
    lines = 0.001 + LINE_POINT_S * spec.compression_ratio.points
    return {"lines": lines, "joint": joint, "simulated": simulated}


KIND: Kind[PhaseDiagramSpec] = Kind(
    name="curl_descent.phase_diagram",
    version=1,
    summary="How many flipped neurons the solutions of large linear networks bear, by compression "
    "ratio: critical lines in closed form, joint flips, and sampled networks beside them.",
    spec=PhaseDiagramSpec,
    columns=columns_of(
        PhaseDiagramSpec,
        rename={"compression_ratio_from_": "compression_ratio_from"},
        derived=(
            Column(
                "compression_ratio_from",
                "number",
                lambda spec: float(spec.compression_ratio.from_),
                "compression_ratio.from",
            ),
        ),
    ),
    metrics=METRICS,
    figures={
        "critical_lines": Figure(
            "Stable and unstable fractions of flipped neurons against the compression ratio, for "
            "each layer, with sampled networks if any.",
            draw_critical_lines,
        ),
        "joint_surface": Figure(
            "The left edge of the spectrum over the fractions flipped in both layers, and the "
            "line where it is zero.",
            draw_joint_surface,
            without("joint"),
        ),
    },
    references=(
        "H. Ninou, J. Kadmon, N. A. Cayco-Gajic. Curl Descent: Non-Gradient Learning Dynamics with "
        "Sign-Diverse Plasticity. NeurIPS 2025, arXiv:2510.02765, figure 2.",
    ),
    equations=(
        Equation(
            "Critical fraction of hidden neurons whose flips act on the readout (none hidden), "
            "along a parameter w from -min(1, 1/sqrt kappa) to 0",
            r"q = \frac{(1+w)^2 (1 + \kappa w^2)}{2 w^2}, \qquad p = \frac{(1-w)^2 (1 - \kappa "
            r"w^2)}{2 w^2}, \qquad c = \frac{1}{p + q}, \qquad \alpha_r^{*} = \frac{q}{p + q}",
        ),
        Equation(
            "Critical fraction of inputs (no readout flips), along a parameter y from kappa on",
            r"c = \frac{y^2 + \kappa^2}{y^2 (1 + 2y)}, \qquad \alpha_h^{*} = \frac{1}{2\kappa} "
            r"\left[ \kappa - y + \frac{(y^2 + y - \kappa^2)(y^2 - \kappa^2)}{y^2 + \kappa^2} "
            r"\right]",
        ),
    ),
    beware=(
        "Beyond the readout line learning leaves the old solutions and still finds others: "
        "unstable does not mean that the error stays high.",
        "Finite networks cross the line gradually, and with whole neurons.",
    ),
    run=run,
    rows=rows,
    estimate=estimate,
    example=example,
)
