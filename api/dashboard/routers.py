"""Every page: this list is the only registration."""

from api.dashboard import (
    assets,
    comparison,
    datasets,
    experiment,
    home,
    new,
    science,
    sweeps,
    table,
)

ROUTERS = (
    *(assets.router, home.router, table.router, experiment.router),
    *(new.router, sweeps.router, comparison.router, datasets.router),
    science.router,
)
