# %% [markdown]
# # Solenoid in a quarter of an hour
#
# This page is a script in cells: VS Code and Jupyter (with Jupytext) open it as a notebook, and
# `python docs/tutorial.py` runs it from top to bottom. It takes you from one simulation to a table
# of many and the phase diagram behind it, from a recording of neurons to its dimensionality, and
# from a session of reaching to the six findings of a study.
#
# Start the service in a terminal and leave it running:
#
# ```sh
# make up
# ```
#
# The tables below are pandas DataFrames; `to_polars()` gives polars ones instead.

# %%
from solenoid import Client

client = Client()
for kind in client.kinds():
    print(f"{kind['kind']}: {kind['summary']}")

# %% [markdown]
# ## One simulation
#
# A *kind* is a type of experiment, a *spec* is everything that determines its outcome. Here a
# student network learns what a fixed teacher network does, twice from the same weights: by gradient
# descent, and by *curl descent*, where one hidden neuron has the wrong sign in its plasticity, so
# that its output synapses climb the error while all others descend it. No error function exists
# whose gradient that would be: the field of updates has curl.
#
# Whatever the spec leaves out has a default. Unknown fields and impossible values are refused with
# a sentence about them, before anything runs.

# %%
experiment = client.submit(
    "curl_descent.simulation",
    {
        "inputs": 40,
        "hidden": 20,
        "readout_activation": "tanh",
        "output_error": "raw",
        "flips": {"readout": {"count": 1}},
        "data": {"train_size": 400},
        "training": {"epochs": 400, "norm_constraint": "layer"},
        "record": {"threshold": 0.01},
        "replicates": 5,
    },
    name="first steps",
    tags={"project": "tutorial"},
)
experiment.wait(timeout=120)
print(experiment)

# %% [markdown]
# `wait` returns when the experiment has ended, however it ended; `experiment.error` says why one
# failed. The result has one row for every arm (here: learning rule) and replicate (here: a teacher,
# a student and a choice of flipped neuron of their own). A number that does not exist is missing,
# such as the epoch of reaching a threshold that was never reached: mind it before you average.

# %%
table = experiment.results().to_pandas()
print(table[["arm", "replicate", "final_test_error", "epochs_to_threshold", "converged"]])
print(table.groupby("arm")["final_test_error"].median())

# %% [markdown]
# Every kind knows its figures. In a notebook a figure shows itself; `save` takes the format from
# the name: png, svg, pdf, or json for the Vega-Lite document.

# %%
for figure in experiment.figures():
    print(figure.name, "-", figure.description)
experiment.figure("learning_curves").save("learning_curves.png")

# %% [markdown]
# The curves behind the figure are arrays, with the bits that were computed.

# %%
arrays = experiment.arrays()
print({name: values.shape for name, values in arrays.items()})

# %% [markdown]
# ## Many simulations: a sweep
#
# When does the wrong sign do harm? Let us flip a fraction of the *inputs* of the network and vary
# its shape. The compression ratio c is the number of inputs per hidden neuron: below 1 the network
# expands its input, above 1 it compresses. With `total_neurons` fixed, every c is the same number
# of neurons, dealt out differently. `preview_sweep` says what it would cost; `sweep` runs it.

# %%
axes = {"compression_ratio": [0.25, 1.0, 4.0], "hidden_fraction": [0.0, 0.1, 0.3]}
base = {
    "flips": {"readout": {"count": 0}},
    "readout_activation": "tanh",
    "data": {"train_size": 200, "test_size": 50},
    "training": {"epochs": 200, "norm_constraint": "layer"},
    "replicates": 3,
}
shape = {"total_neurons": 50}

preview = client.preview_sweep("curl_descent.simulation", axes, base, derive=shape)
print(preview["count"], "experiments")

sweep = client.sweep(
    "curl_descent.simulation",
    axes,
    base,
    derive=shape,
    name="flipped inputs",
    tags={"project": "tutorial"},
)
sweep.wait(timeout=120)
print(sweep)

# %% [markdown]
# A sweep's table has one row per experiment and arm, with the median of every metric over the
# replicates. Gradient descent flips nothing, so its error depends on the shape alone; how many
# times larger is the error of curl descent?

# %%
medians = sweep.results().to_pandas()
errors = medians.pivot(
    index=["hidden_fraction", "compression_ratio"], columns="arm", values="final_test_error"
)
ratio = errors["curl_descent"] / errors["gradient_descent"]
print(ratio.unstack().round(2))

# %% [markdown]
# The expanding network (left column) hardly notices that a third of its inputs learn the wrong way;
# the compressing one (right column) pays for every one of them. The same as a picture:

# %%
heat_map = sweep.heatmap(
    "compression_ratio", "hidden_fraction", metric="final_test_error", arm="curl_descent"
)
heat_map.save("heat_map.png")

# %% [markdown]
# The line in the map is theory's: for large linear networks random-matrix theory says which
# fraction of the neurons may be flipped before every solution repels the learner. It is a kind of
# its own, with both layers and closed forms for the whole range of shapes. A network that expands
# its input fourfold or more stays stable whatever fraction of its inputs is flipped; from c = 2/3
# on a single one can be too many.

# %%
theory = client.submit("curl_descent.phase_diagram", tags={"project": "tutorial"})
theory.wait(timeout=120)
theory.figure("critical_lines").save("phase_diagram.png")
limits = theory.results().to_pandas().iloc[0]
print(limits[["hidden_robust_below", "hidden_fragile_above"]])

# %% [markdown]
# A sweep grows: new values join its axes, and only the new combinations are computed. Replicates
# are added in the same way, with `sweep.extend(replicates=3)`.

# %%
print(sweep.extend({"hidden_fraction": [0.5]}), "new experiments")
sweep.wait(timeout=120)
print(sweep.counts)

# %% [markdown]
# ## Asking all results at once
#
# Every result of every experiment is in one database. A question names parameters as
# `param.NAME`, metrics as `metric.NAME` and your own tags as `tag.NAME`; the page on queries has
# the whole language.

# %%
robust = client.results(
    "tag.project = 'tutorial' and param.compression_ratio < 1 and metric.final_test_error < 0.02",
    select="arm, replicate, param.hidden_fraction, metric.final_test_error",
    order_by="metric.final_test_error",
)
print(robust.to_pandas().head())

# %%
grouped = client.results(
    f"sweep = '{sweep.id}' and arm = 'curl_descent'",
    group_by="param.compression_ratio, param.hidden_fraction",
    aggregate="count(), median(metric.final_test_error), sem(metric.final_test_error)",
)
print(grouped.to_pandas())

# %% [markdown]
# ## A recording
#
# The second half of Solenoid asks how many dimensions the activity of a population has. An
# installation comes with one recording of monkey motor cortex (Golub et al. 2018; its licence lies
# beside it), in an NPZ file with an array `counts` of trials by neurons and a `target` per trial.
# Your own file is uploaded in the same way. Uploading a file twice stores it once.

# %%
from core.examples import GOLUB_BCI

recording = client.upload(GOLUB_BCI.path)
print(recording.facts())

# %% [markdown]
# The participation ratio counts dimensions softly: 1 if all variance lies along one direction, the
# number of neurons if it is the same in all. Estimated naively from few and noisy trials it is
# biased, so the service also reports a corrected one, with an interval. This monkey learned a new
# mapping from its activity to a cursor between the two blocks that are compared here.

# %%
dimensions = client.submit(
    "dimensionality.participation_ratio",
    {
        "dataset": recording.id,
        "block": {"factor": "block", "compare": ["before", "after"]},
        "permutations": 99,
    },
    tags={"project": "tutorial"},
)
dimensions.wait(timeout=120)
blocks = dimensions.results().to_pandas().set_index("arm")
print(blocks.loc[["before", "after"], ["participation_ratio", "ci_low", "ci_high"]])
dimensions.figure("participation_ratio").save("participation_ratio.png")

# %% [markdown]
# ## A session and its six findings
#
# What does a block of the cerebellum do to motor cortex? The report asks one session all that the
# study asked: how fast behaviour adapts, whether activity moves alike for all targets or one by
# one, how far a force field moves it, whether the ring of targets turns, how many dimensions it
# has, and how broadly a change generalizes. Each finding comes with an interval, a p-value, one
# corrected for all tests, and a verdict. Here the session is simulated with all six effects in it,
# so that you see what the answers look like; yours goes to `client.upload`, and "A session for the
# report" on the page on datasets says what has to be in it.

# %%
session = client.synthesise({"scenario": "cerebellar_block", "seed": 1})
report = client.submit(
    "cerebellar_block.report",
    {"dataset": session.id, "permutations": 199},
    tags={"project": "tutorial"},
)
report.wait(timeout=120)
findings = report.results().to_pandas().set_index("arm")
print(findings[["control", "hfs", "difference", "ci_low", "ci_high", "p_holm", "supported"]])
report.figure("page").save("report.png")

# %% [markdown]
# Not supported is not refuted: one session may be too small for a finding, and `power.analysis`
# says how many trials and neurons would be enough.

# %% [markdown]
# ## Taking the numbers elsewhere
#
# Results leave the service as CSV, JSON Lines, Parquet or Arrow, streamed, however many there are.
# A Parquet file is a table that DuckDB, polars, pandas and R read directly; here DuckDB asks it in
# SQL.

# %%
client.save_results("results.parquet", f"sweep = '{sweep.id}'", kind=sweep.kind)

try:
    import duckdb
except ImportError:
    print("pip install duckdb, to ask the file in SQL")
else:
    per_shape = duckdb.sql("""
        SELECT "param.compression_ratio" AS c, count(*) AS networks,
               median("metric.final_test_error") AS error
        FROM 'results.parquet' WHERE arm = 'curl_descent'
        GROUP BY c ORDER BY c
    """).df()
    print(per_shape)

# %% [markdown]
# Where to go from here: the page on queries, the page on the database behind them, and
# `client.presets()`, which lists the papers' experiments, ready to run.

# %%
print([preset["name"] for preset in client.presets()])
client.close()
