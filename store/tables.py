"""The tables: stable names, because people query them directly.

`experiments` is the truth about every experiment. Those of one kind alone are in
`store.kind_tables`: whoever only moves experiments along imports no kind.
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

STATUSES = ("queued", "running", "succeeded", "failed", "cancelled")
TERMINAL = ("succeeded", "failed", "cancelled")
OUTCOMES = (*TERMINAL, "lost", "handed_back")
"""How an attempt may end: as its experiment does, without a word, or given to another worker."""

ROLES = ("read", "submit", "admin")
"""What a token allows, each with all that those before it do."""

ANONYMOUS = "anonymous"
"""The owner of what was made without a token."""

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Json = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class Time(sa.TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no zone, so it is put back on reading."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def utc_now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def id_column(name: str, target: str, **options: Any) -> sa.Column[str]:
    return sa.Column(
        name, sa.String(36), sa.ForeignKey(target, ondelete="CASCADE"), nullable=False, **options
    )


def _owner(name: str, target: str) -> sa.Column[str]:
    """One of the two columns that say whose hook it is: the other is NULL."""
    return sa.Column(name, sa.String(36), sa.ForeignKey(target, ondelete="CASCADE"), unique=True)


def _made_by() -> sa.Column[str]:
    """Whose it is: the name of the token it was made with."""
    return sa.Column("owner", sa.String(100), nullable=False, server_default=ANONYMOUS)


sweeps = sa.Table(
    "sweeps",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("kind", sa.String(100), nullable=False),
    sa.Column("name", sa.String(200)),
    # Plain JSON keeps the order of axes, which PostgreSQL's JSONB does not.
    sa.Column("definition", sa.JSON, nullable=False),
    sa.Column("idempotency_key", sa.String(200), unique=True),
    sa.Column("request_hash", sa.String(64), nullable=False),
    sa.Column("created_at", Time, nullable=False),
    _made_by(),
)

experiments = sa.Table(
    "experiments",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("kind", sa.String(100), nullable=False),
    sa.Column("kind_version", sa.Integer, nullable=False),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("name", sa.String(200)),
    sa.Column("notes", sa.Text),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("sweep_id", sa.String(36), sa.ForeignKey("sweeps.id", ondelete="CASCADE")),
    sa.Column("point", sa.JSON(none_as_null=True)),
    sa.Column("spec", Json, nullable=False),
    sa.Column("spec_hash", sa.String(64), nullable=False, index=True),
    sa.Column("idempotency_key", sa.String(200), unique=True),
    sa.Column("request_hash", sa.String(64), nullable=False),
    sa.Column("progress", sa.Double, nullable=False),
    sa.Column("live", Json, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("lost_attempts", sa.Integer, nullable=False),
    sa.Column("worker", sa.String(200)),
    sa.Column("lease_until", sa.Double),
    sa.Column("cancel_requested", sa.Boolean, nullable=False),
    sa.Column("created_at", Time, nullable=False),
    sa.Column("started_at", Time),
    sa.Column("finished_at", Time),
    sa.Column("estimate", Json, nullable=False),
    # Plain JSON keeps the order of arms, which PostgreSQL's JSONB does not.
    sa.Column("summary", sa.JSON(none_as_null=True)),
    sa.Column("warnings", Json),
    sa.Column("reading", sa.Text),
    sa.Column("error", sa.Text),
    sa.Column("versions", Json),
    sa.Column("disk_bytes", sa.BigInteger, nullable=False),
    sa.Column("time_limit_s", sa.Double),
    _made_by(),
    sa.CheckConstraint("status IN ('{}')".format("', '".join(STATUSES)), name="status_is_known"),
)
sa.Index("ix_experiments_status", experiments.c.status, experiments.c.id)
sa.Index("ix_experiments_created", experiments.c.created_at, experiments.c.id)
sa.Index(
    "ix_experiments_sweep", experiments.c.sweep_id, experiments.c.status, experiments.c.disk_bytes
)
sa.Index("ix_experiments_disk", experiments.c.disk_bytes, experiments.c.id)
sa.Index(
    "ix_experiments_queue",
    experiments.c.priority.desc(),
    experiments.c.id,
    sqlite_where=sa.text("status = 'queued'"),
    postgresql_where=sa.text("status = 'queued'"),
)
sa.Index(
    "ix_experiments_turns",
    experiments.c.owner,
    experiments.c.priority.desc(),
    experiments.c.id,
    sqlite_where=sa.text("status = 'queued'"),
    postgresql_where=sa.text("status = 'queued'"),
)
sa.Index(
    "ix_experiments_lease",
    experiments.c.lease_until,
    sqlite_where=sa.text("status = 'running'"),
    postgresql_where=sa.text("status = 'running'"),
)

attempts = sa.Table(
    "attempts",
    metadata,
    id_column("experiment_id", "experiments.id", primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("worker", sa.String(200), nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("turn", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("started_at", Time, nullable=False),
    sa.Column("ended_at", Time),
    sa.Column("outcome", sa.String(11)),
    sa.Column("seconds", sa.Double),
    sa.CheckConstraint("outcome IN ('{}')".format("', '".join(OUTCOMES)), name="outcome_is_known"),
    sa.Index("ix_attempts_outcome_seconds", "outcome", "seconds"),
    sa.Index("ix_attempts_worker_outcome", "worker", "outcome"),
)

deleted_attempts = sa.Table(
    "deleted_attempts",
    metadata,
    sa.Column("outcome", sa.String(11), primary_key=True),
    sa.Column("bound", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("seconds", sa.Double, nullable=False),
)

turns = sa.Table(
    "turns",
    metadata,
    sa.Column("owner", sa.String(100), primary_key=True),
    sa.Column("last", sa.BigInteger, nullable=False),
)

checkpoints = sa.Table(
    "checkpoints",
    metadata,
    id_column("experiment_id", "experiments.id", primary_key=True),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("versions", Json, nullable=False),
    sa.Column("kept_at", Time, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("name", sa.String(100), nullable=False, unique=True),
    sa.Column("role", sa.String(10), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("created_at", Time, nullable=False),
    sa.CheckConstraint("role IN ('{}')".format("', '".join(ROLES)), name="role_is_known"),
)

tags = sa.Table(
    "tags",
    metadata,
    id_column("experiment_id", "experiments.id", primary_key=True),
    sa.Column("key", sa.String(100), primary_key=True),
    sa.Column("value", sa.String(500), nullable=False),
    sa.Index("ix_tags_key_value", "key", "value"),
)

completion_hooks = sa.Table(
    "completion_hooks",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    _owner("experiment_id", "experiments.id"),
    _owner("sweep_id", "sweeps.id"),
    sa.Column("command", sa.String(100)),
    sa.Column("webhook", sa.String(2000)),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due", sa.Double, nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("delivered_at", Time),
    sa.CheckConstraint("(experiment_id IS NULL) <> (sweep_id IS NULL)", name="owner_is_one"),
    sa.CheckConstraint("(command IS NULL) <> (webhook IS NULL)", name="receiver_is_one"),
    sa.CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name="state_is_known"),
    sa.Index("ix_completion_hooks_due", "state", "due"),
)

arrays = sa.Table(
    "arrays",
    metadata,
    id_column("experiment_id", "experiments.id", primary_key=True),
    sa.Column("name", sa.String(100), primary_key=True),
    sa.Column("axes", Json, nullable=False),
    sa.Column("shape", Json, nullable=False),
    sa.Column("dtype", sa.String(20), nullable=False),
    sa.Column("unit", sa.String(50), nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)

datasets = sa.Table(
    "datasets",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("blob_sha256", sa.String(64), nullable=False, index=True),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("mapping", Json),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("summary", Json),
    sa.Column("error", sa.Text),
    sa.Column("created_at", Time, nullable=False),
    _made_by(),
    sa.CheckConstraint("status IN ('inspecting', 'ready', 'refused')", name="status_is_known"),
    sa.Index("ix_datasets_created_at_id", "created_at", "id"),
)

experiment_datasets = sa.Table(
    "experiment_datasets",
    metadata,
    id_column("experiment_id", "experiments.id", primary_key=True),
    sa.Column(
        "dataset_id", sa.String(36), sa.ForeignKey("datasets.id"), primary_key=True, index=True
    ),
)
