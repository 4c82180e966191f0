"""Every page: this list is the only registration."""

from api.dashboard import (
    assets,
    comparison,
    datasets,
    experiment,
    home,
    new,
    science,
    sign_in,
    sweeps,
    table,
)

ROUTERS = (
    *(assets.router, home.router, table.router, experiment.router),
    *(new.router, sweeps.router, comparison.router, datasets.router),
    *(science.router, sign_in.router),
)
