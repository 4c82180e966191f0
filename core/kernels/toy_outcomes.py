"""Where the two-synapse network ends, when, and how far its loss climbs on the way: exactly.

Time and signs are those of `core.kernels.toy_flow`. Along a trajectory that does not go round for
ever e keeps its sign, and the loss rises exactly while the flipped synapse's weight is the smaller.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.kernels.toy_flow import EXACT, Floats, Signs, at_rest, error, half_square

OUTCOMES = ("converges", "marginal", "rotates", "origin", "unstable", "escapes")
"""The order gives the codes: to a stable solution; to a half-stable one, as 1 / time; round a
circle without solutions; to the origin; stays on an unstable solution; to infinity."""
CONVERGES, MARGINAL, ROTATES, ORIGIN, UNSTABLE, ESCAPES = range(6)

_NEVER = float("inf")


@dataclass(frozen=True)
class Outcomes:
    """What becomes of each start."""

    code: NDArray[Any]  # "starts", an index into OUTCOMES
    convergence_time: Floats  # "starts", when |e| is below the tolerance for good; inf if never
    period: Floats  # "starts", of one turn; nan unless the start rotates
    ascent: Floats  # "starts", largest rise of e^2 / 2 above its running minimum
    destination: Floats  # "starts 2", the limit; nan if there is none


def outcomes(signs: Signs, starts: Floats, tolerance: float) -> Outcomes:
    """The fate of starts "starts 2" for all time; 0 < tolerance < 1."""
    if signs[0] == signs[1]:
        return _descended(starts, tolerance) if signs[0] > 0 else _ascended(starts)
    mirror = slice(None, None, signs[0])  # a flipped hidden neuron: the roles are swapped
    fate = _curled(starts[:, mirror], tolerance)
    return Outcomes(
        fate.code, fate.convergence_time, fate.period, fate.ascent, fate.destination[:, mirror]
    )


def _descended(starts: Floats, tolerance: float) -> Outcomes:
    """Gradient descent: every start converges but those on the saddle's way in, w1 = -w2.

    P = (w1 + w2)^2 obeys P' = -(P - P+)(P - P-) / 2 with P+- = 2 +- 2 k, so that the ratio
    (P - P+) / (P - P-) = 4 e / (P g^2), g = 1 + M / (2 + 2 k), decays as exp(-2 k t).
    """
    e, total, apart = error(starts), starts.sum(axis=1), starts[:, 0] - starts[:, 1]
    P, M = total**2, apart**2
    lost = P == 0
    k = np.sqrt(1 + P * M / 4)
    level = 4 + 4 * np.sign(e) * tolerance  # of P - M, on arrival
    P_end = (level + np.sqrt(level**2 + 4 * P * M)) / 2
    g, g_end = 1 + M / (2 + 2 * k), 1 + P * M / P_end / (2 + 2 * k)
    with np.errstate(divide="ignore"):
        time = np.log(np.abs(e) * P_end * g_end**2 / (tolerance * P * g**2)) / (2 * k)
    along = np.copysign(np.sqrt(2 + 2 * k), total)
    across = total * apart / along
    end = np.stack([along + across, along - across], axis=-1) / 2
    return Outcomes(
        code=np.where(lost, ORIGIN, CONVERGES),
        convergence_time=np.where(lost, _NEVER, np.where(np.abs(e) <= tolerance, 0.0, time)),
        period=np.full(len(starts), np.nan),
        ascent=np.zeros(len(starts)),
        destination=np.where(lost[:, None], 0.0, end),
    )


def _ascended(starts: Floats) -> Outcomes:
    """Gradient ascent, both neurons flipped: to infinity, but for starts of measure zero."""
    e, solved = error(starts), np.abs(error(starts)) <= EXACT
    origin = ~solved & (starts[:, 0] == starts[:, 1]) & (np.abs(starts[:, 0]) < 1)
    end = np.where(solved[:, None], starts, np.where(origin[:, None], 0.0, np.nan))
    return Outcomes(
        code=np.select([solved, origin], [UNSTABLE, ORIGIN], ESCAPES),
        convergence_time=np.full(len(starts), _NEVER),
        period=np.full(len(starts), np.nan),
        ascent=np.select([solved, origin], [0.0, (1 - e**2) / 2], np.inf),
        destination=end,
    )


def _curled(starts: Floats, tolerance: float) -> Outcomes:
    """The readout neuron is flipped: circles of w1^2 + w2^2 = 2 a, which meet solutions if a >= 1.

    At a < 1 a turn takes 2 pi / sqrt(1 - a^2), while e swings between a - 1 and -a - 1.
    """
    a, e = half_square(starts), error(starts)
    rising = starts[:, 0] ** 2 > starts[:, 1] ** 2
    rests = at_rest(starts)
    code = np.select(
        [a == 0, np.abs(a - 1) <= EXACT, a < 1, rests & rising],
        [ORIGIN, MARGINAL, ROTATES, UNSTABLE],
        CONVERGES,
    )
    peak = np.where(e > 0, a - 1, a + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        times = [_time_to_half_stable(starts, tolerance), _time_to_stable(starts, tolerance)]
        return Outcomes(
            code=code,
            convergence_time=np.select([code == MARGINAL, code == CONVERGES], times, _NEVER),
            period=np.where(code == ROTATES, 2 * np.pi / np.sqrt(1 - a**2), np.nan),
            ascent=np.select(
                [code == ROTATES, rising & ~rests], [2 * a, (peak**2 - e**2) / 2], 0.0
            ),
            destination=_limit(starts, code),
        )


def _time_to_stable(starts: Floats, tolerance: float) -> Floats:
    """sin(theta - stable) / sin(theta - unstable) decays as exp(-2 k t), k = sqrt(a^2 - 1).

    The product of the two sines is -e / 2 a. The last time at which |e| is the tolerance counts: a
    start beside the unstable solution has to leave it first.
    """
    a, e = half_square(starts), error(starts)
    k = np.sqrt((a - 1) * (a + 1))
    product = 1 + np.sign(e) * tolerance  # w1 w2, on arrival
    y_end = np.sqrt(a + np.sqrt(a**2 - product**2))
    stable = np.stack([1 / np.sqrt(a + k), np.sqrt(a + k)], axis=-1)
    left = _cross(stable, starts) / _cross(stable[:, ::-1], starts)
    end = np.stack([product / y_end, y_end], axis=-1)
    left_end = 2 * a * tolerance / _cross(stable[:, ::-1], end) ** 2
    time = np.log(np.abs(left) / left_end) / (2 * k)
    return np.where(a > product, np.maximum(time, 0.0), 0.0)


def _time_to_half_stable(starts: Floats, tolerance: float) -> Floats:
    """a = 1, theta = pi / 4 + d: cot d = (w2 + w1) / (w2 - w1) grows as 2 t and e = -2 sin^2 d."""
    cotangent = starts.sum(axis=1) / (starts[:, 1] - starts[:, 0])
    time = (np.sqrt(2 / tolerance - 1) - cotangent) / 2
    return np.where(starts[:, 0] == starts[:, 1], 0.0, np.maximum(time, 0.0))


def _limit(starts: Floats, code: NDArray[Any]) -> Floats:
    """The stable solution on the side of the unstable ones where the start lies."""
    a = np.maximum(half_square(starts), 1.0)
    far = np.sqrt(a + np.sqrt((a - 1) * (a + 1)))
    stable = np.stack([1 / far, far], axis=-1)
    side = np.copysign(1.0, _cross(stable[:, ::-1], starts))[:, None] * stable
    at_half_stable = ((code == MARGINAL) & (starts[:, 0] == starts[:, 1]))[:, None]
    stays = at_half_stable | (code == UNSTABLE)[:, None] | (code == ORIGIN)[:, None]
    return np.where(stays, starts, np.where((code == ROTATES)[:, None], np.nan, side))


def _cross(u: Floats, v: Floats) -> Floats:
    return np.asarray(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
