"""The likelihood-ratio test of an adaptation model, corrected for a finite number of trials.

2 log(likelihood ratio) follows chi-square only as trials become many: with 164 trials in each of
two blocks the test of equal error sensitivity rejects about 10 % of null sessions at .05. Its mean
under the nested model, estimated from series simulated with the nested fit, corrects it (M. S.
Bartlett, Proceedings of the Royal Society A 160:268 (1937)):

    p = P(chi-square_d > d (D_nested - D_whole) / mean simulated (D_nested - D_whole))
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.special import chdtrc

from core.kernels.adaptation import AdaptationFit, problem_of
from core.kernels.adaptation_filter import Floats
from core.kernels.fisher_scoring import optimum

Report = Callable[[float], None]
LOOSE = 1e-4  # of the deviance: far below what the mean of a few simulated ratios is known to


def corrected_p(
    whole: AdaptationFit, nested: AdaptationFit, report: Report, *, seed: int, draws: int
) -> float:
    """p of the nested model; the factor, at least 1, is the mean of `draws` simulated ratios."""
    freedom = len(whole.best.point) - len(nested.best.point)
    observed = max(nested.best.deviance - whole.best.deviance, 0.0)
    ratios = simulated_ratios(whole, nested, report, seed=seed, draws=draws)
    factor = max(float(np.mean(ratios)) / freedom, 1.0)
    return float(chdtrc(freedom, observed / factor))


def simulated_ratios(
    whole: AdaptationFit, nested: AdaptationFit, report: Report, *, seed: int, draws: int
) -> Floats:
    """D_nested - D_whole of series made by the nested fit, both fitted anew from its point."""
    series = simulated(nested, np.random.default_rng(seed), draws)
    ratios, start = np.empty(draws), np.empty(len(whole.best.point))
    start[whole.position] = nested.local
    for draw, compensation in enumerate(series):
        own = replace(nested.movements, compensation=compensation)
        small, large = (
            optimum(problem_of(own, each), point, tolerance=LOOSE).deviance
            for each, point in ((nested, nested.best.point), (whole, start))
        )
        ratios[draw] = max(small - large, 0.0)
        report((draw + 1) / draws)
    return ratios


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
        z = regimes.retention[0, k] * z + learned + q[k] * rng.standard_normal(shape)
    y[:, ~movements.observed] = np.nan
    return y
