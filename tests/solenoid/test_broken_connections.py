"""Connections that break at the worst moment."""

import time

import pytest

from solenoid import Client, Dataset, Unreachable
from tests.solenoid.relay import relay
from tests.solenoid.specs import MANY, RATIO, comparison


def test_a_submission_whose_answer_was_lost_is_not_doubled(url: str, recording: Dataset) -> None:
    with relay(url) as network, Client(network.url) as client:
        before = {experiment.id for experiment in client.experiments()}
        network.swallow = 2
        experiment = client.submit(RATIO, comparison(recording, seed=20))
        after = {experiment.id for experiment in client.experiments()}
    assert network.swallow == 0
    assert after - before == {experiment.id}


def test_a_request_that_must_not_be_repeated_is_not(url: str, recording: Dataset) -> None:
    with relay(url) as network, Client(network.url) as client:
        experiment = client.submit(RATIO, comparison(recording, seed=21))
        network.swallow = 1
        with pytest.raises(Unreachable, match="broke"):
            experiment.cancel()
    assert network.swallow == 0


def test_watching_goes_on_after_a_cut_without_repeating_itself(
    url: str, recording: Dataset
) -> None:
    with relay(url) as network, Client(network.url) as client:
        experiment = client.submit(RATIO, comparison(recording, MANY), priority=10)
        seen = []
        for event in experiment.watch(timeout=60):
            seen.append(event)
            progress = [each for each in seen if each.name == "progress"]
            if len(progress) in (1, 3) and event.name == "progress":
                network.cut()
            if len(progress) == 5:
                client.cancel(experiment.id)
    fractions = [event.progress for event in progress]
    assert fractions == sorted(set(fractions))
    assert seen[-1].status == "cancelled"


def test_a_wait_ends_in_time_although_nothing_comes_through(url: str, recording: Dataset) -> None:
    with relay(url) as network, Client(network.url) as client:
        experiment = client.submit(RATIO, comparison(recording, MANY))
        begun = time.monotonic()
        with pytest.raises(TimeoutError):
            experiment.wait(timeout=0.5)
        assert time.monotonic() - begun < 3.0
        experiment.cancel()
