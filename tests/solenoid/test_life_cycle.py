"""Ends that are told, sweeps that are resumed and extended: through the client and the command."""

import json
from pathlib import Path

import pytest

from solenoid import BadInput, Client
from tests.solenoid.commands import Run
from tests.solenoid.specs import ENDLESS, SIMULATION, TINY

NOBODY = {"webhook": "http://127.0.0.1:9/"}


def test_whom_the_end_is_told_is_part_of_a_submission(client: Client) -> None:
    experiment = client.submit(SIMULATION, TINY, on_end=NOBODY)
    sweep = client.sweep(SIMULATION, {"seed": [0]}, TINY, on_end=NOBODY)
    for one in (experiment, sweep):
        assert one.on_end is not None
        assert (one.on_end["webhook"], one.on_end["command"]) == (NOBODY["webhook"], None)
    assert client.submit(SIMULATION, TINY).on_end is None
    with pytest.raises(BadInput, match=r"on_end\.command .* no such executable"):
        client.submit(SIMULATION, TINY, on_end={"command": "none"})


def test_whom_the_end_is_told_is_an_option_or_part_of_a_file(
    run: Run, client: Client, tmp_path: Path
) -> None:
    option = ("--on-end-webhook", NOBODY["webhook"])
    path = tmp_path / "spec.json"
    path.write_text(json.dumps({"kind": SIMULATION, "spec": TINY, "on_end": NOBODY}))
    base = [f"{name}={json.dumps(value)}" for name, value in TINY.items()]
    made = (
        run("submit", SIMULATION, *base, *option).out.strip(),
        run("submit", path).out.strip(),
        run("sweep", SIMULATION, *base, "--axis", "seed=0,1", *option).out.strip(),
    )
    for identifier in made:
        assert f"{NOBODY['webhook']} (waiting" in run("show", identifier).out
    assert json.loads(run("show", made[0], "--json").out)["on_end"]["state"] == "waiting"
    both = run("submit", path, *option, "--on-end-command", "none")
    assert both.code == 2
    assert "exactly one of command and webhook" in both.err


def test_what_a_result_takes_on_the_disk_is_shown(run: Run, client: Client) -> None:
    experiment = client.submit(SIMULATION, TINY)
    assert experiment.disk_bytes == 0
    assert experiment.wait(timeout=60).disk_bytes > 0
    assert "MiB" in run("show", experiment.id).out
    sweep = client.sweep(SIMULATION, {"seed": [0, 1]}, TINY).wait(timeout=60)
    assert sweep.disk_bytes == sum(each.disk_bytes for each in sweep.experiments()) > 0


def test_a_cancelled_sweep_is_resumed(run: Run, client: Client) -> None:
    sweep = client.sweep(SIMULATION, {"seed": range(3)}, ENDLESS)
    sweep.cancel()
    sweep.wait(timeout=20)
    assert sweep.retry() == 0
    assert sweep.retry(cancelled=True) == 3
    sweep.cancel()
    sweep.wait(timeout=20)
    assert "3 of its experiments" in run("retry", sweep.id, "--cancelled").out
    sweep.cancel()
    experiment = client.submit(SIMULATION, ENDLESS).cancel().wait(timeout=20)
    assert "queued again" in run("retry", experiment.id, "--cancelled").out
    experiment.cancel()


def test_a_sweep_is_extended_on_the_command_line(run: Run, client: Client) -> None:
    sweep = client.sweep(SIMULATION, {"seed": [0, 1]}, TINY)
    assert "1 experiments more" in run("extend", sweep.id, "--axis", "seed=1,2").out
    ended = run("extend", sweep.id, "--replicates", "2", "--wait")
    assert (ended.code, "3 experiments more" in ended.out) == (0, True), ended.err
    assert "6 succeeded" in ended.err
    assert run("extend", sweep.id, "--axis", "hiden=1").code == 2
