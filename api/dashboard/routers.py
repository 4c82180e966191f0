"""Every page: this list is the only registration."""

from api.dashboard import assets, experiment, home, new, sweeps, table

ROUTERS = (
    *(assets.router, home.router, table.router, experiment.router),
    *(new.router, sweeps.router),
)
