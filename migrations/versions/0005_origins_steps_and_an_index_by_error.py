"""What is at the origin, largest steps, thresholds of readout flips, and an index by error."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Go to this version."""
    with op.batch_alter_table("medians_curl_descent_phase_diagram", schema=None) as batch_op:
        batch_op.add_column(sa.Column("readout_fragile_above", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("readout_robust_above", sa.Double(), nullable=True))

    with op.batch_alter_table("medians_curl_descent_stability", schema=None) as batch_op:
        batch_op.add_column(sa.Column("largest_learning_rate", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("origin_centre_share", sa.Double(), nullable=True))

    with op.batch_alter_table("medians_curl_descent_toy", schema=None) as batch_op:
        batch_op.add_column(sa.Column("origin_saddle", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("stable_where_hidden_larger", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("stable_where_readout_larger", sa.Double(), nullable=True))

    with op.batch_alter_table("results_curl_descent_phase_diagram", schema=None) as batch_op:
        batch_op.add_column(sa.Column("readout_fragile_above", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("readout_robust_above", sa.Double(), nullable=True))

    with op.batch_alter_table("results_curl_descent_simulation", schema=None) as batch_op:
        batch_op.create_index(
            "ix_results_curl_descent_simulation_1",
            ["final_test_error", "compression_ratio"],
            unique=False,
        )

    with op.batch_alter_table("results_curl_descent_stability", schema=None) as batch_op:
        batch_op.add_column(sa.Column("largest_learning_rate", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("origin_centre_share", sa.Double(), nullable=True))

    with op.batch_alter_table("results_curl_descent_toy", schema=None) as batch_op:
        batch_op.add_column(sa.Column("origin_saddle", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("stable_where_hidden_larger", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("stable_where_readout_larger", sa.Boolean(), nullable=True))


def downgrade() -> None:
    """Go back to the version before."""
    with op.batch_alter_table("results_curl_descent_toy", schema=None) as batch_op:
        batch_op.drop_column("stable_where_readout_larger")
        batch_op.drop_column("stable_where_hidden_larger")
        batch_op.drop_column("origin_saddle")

    with op.batch_alter_table("results_curl_descent_stability", schema=None) as batch_op:
        batch_op.drop_column("origin_centre_share")
        batch_op.drop_column("largest_learning_rate")

    with op.batch_alter_table("results_curl_descent_simulation", schema=None) as batch_op:
        batch_op.drop_index("ix_results_curl_descent_simulation_1")

    with op.batch_alter_table("results_curl_descent_phase_diagram", schema=None) as batch_op:
        batch_op.drop_column("readout_robust_above")
        batch_op.drop_column("readout_fragile_above")

    with op.batch_alter_table("medians_curl_descent_toy", schema=None) as batch_op:
        batch_op.drop_column("stable_where_readout_larger")
        batch_op.drop_column("stable_where_hidden_larger")
        batch_op.drop_column("origin_saddle")

    with op.batch_alter_table("medians_curl_descent_stability", schema=None) as batch_op:
        batch_op.drop_column("origin_centre_share")
        batch_op.drop_column("largest_learning_rate")

    with op.batch_alter_table("medians_curl_descent_phase_diagram", schema=None) as batch_op:
        batch_op.drop_column("readout_robust_above")
        batch_op.drop_column("readout_fragile_above")
