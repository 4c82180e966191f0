"""The likelihood-ratio test of an adaptation model, corrected for a finite number of trials.

2 log(likelihood ratio) follows chi-square only as trials become many: with 164 trials in each of
two blocks the test of equal error sensitivity rejects about 10 % of null sessions at .05. It is
still chi-square in shape, but longer, by a factor that series simulated with the nested fit tell
(M. S. Bartlett, Proceedings of the Royal Society A 160:268 (1937)). Each of n simulated ratios is
that factor times chi-square of d degrees of freedom, and so their mean has errors of its own, which
make F of the quotient:

    p = P(F_(d, n d) > (D_nested - D_whole) / mean simulated (D_nested - D_whole))

With chi-square instead, ten simulated series would reject 8 % of null sessions.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
import scipy

from core.kernels.adaptation import AdaptationFit, problem_of
from core.kernels.adaptation_filter import Floats
from core.kernels.fisher_scoring import optimum
from core.kernels.ledger import Stage, new_stage
from core.kernels.portions import Report

LEAST = 1e-12
LOOSE = 1e-4  # of the deviance: far below what the mean of a few simulated ratios is known to


@dataclass(frozen=True)
class Corrected:
    """p of the nested model; stretch: by how much a profile interval of one shared parameter must
    be longer to go with it, sqrt(F_(1, n) (.95) mean ratio / chi-square_1 (.95))."""

    p_value: float
    stretch: float


def corrected_test(
    whole: AdaptationFit,
    nested: AdaptationFit,
    report: Report,
    *,
    seed: int,
    draws: int,
    stage: Callable[..., Stage] = new_stage,
) -> Corrected:
    """The test of the nested model against the whole, by the mean of `draws` simulated ratios."""
    freedom = len(whole.best.point) - len(nested.best.point)
    observed = max(nested.best.deviance - whole.best.deviance, 0.0)
    ratios = simulated_ratios(whole, nested, report, seed=seed, draws=draws, stage=stage)
    mean = max(float(ratios.mean()), LEAST)
    p_value = float(scipy.special.fdtrc(freedom, draws * freedom, observed / mean))
    limit = float(scipy.special.fdtri(1, draws, 0.95)) * mean / freedom
    return Corrected(p_value, sqrt(limit / float(scipy.special.chdtri(1, 0.05))))


def simulated_ratios(
    whole: AdaptationFit,
    nested: AdaptationFit,
    report: Report,
    *,
    seed: int,
    draws: int,
    stage: Callable[..., Stage] = new_stage,
) -> Floats:
    """D_nested - D_whole of series made by the nested fit, both fitted anew from its point."""
    series = simulated(nested, np.random.default_rng(seed), draws)
    ratios, start = stage(draws), np.empty(len(whole.best.point))
    start[whole.position] = nested.local
    every = ((slice(draw, draw + 1), one) for draw, one in enumerate(series))
    for draw, compensation in ratios.missing(every):
        own = replace(nested.movements, compensation=compensation)
        small, large = (
            optimum(problem_of(own, each), point, tolerance=LOOSE).deviance
            for each, point in ((nested, nested.best.point), (whole, start))
        )
        ratios.add(draw, np.array([max(small - large, 0.0)]))
        report(draw.stop / draws)
    return ratios.values


def simulated(fit: AdaptationFit, rng: np.random.Generator, draws: int) -> Floats:
    """Series of movements by the fitted model, "draws trials", unobserved where the data are.

    Every run begins at state 0: its prior is so broad that no likelihood ratio depends on it.
    """
    movements, regimes = fit.movements, fit.regimes
    q, r = (np.sqrt(v[0]) * fit.scale for v in (regimes.planning_variance, regimes.motor_variance))
    shape = (draws, regimes.readout.shape[1])
    y, z = np.empty((draws, len(movements.regime))), np.zeros(shape)
    for t, k in enumerate(movements.regime.tolist()):
        z = np.zeros(shape) if movements.start[t] else z
        y[:, t] = z @ regimes.readout[k] + r[k] * rng.standard_normal(draws)
        error = np.zeros(draws) if movements.clamp[t] else movements.perturbation[t] - y[:, t]
        learned = error[:, None] * regimes.learning[0, k]
        planning = rng.standard_normal((draws, 1) if regimes.common else shape)
        z = regimes.retention[0, k] * z + learned + q[k] * planning
    y[:, ~movements.observed] = np.nan
    return y
