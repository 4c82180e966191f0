"""Every page: this list is the only registration."""

from api.dashboard import assets, experiment, table

ROUTERS = (assets.router, table.router, experiment.router)
