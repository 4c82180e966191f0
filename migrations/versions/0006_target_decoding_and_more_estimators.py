"""Decoding of the target among all, and more estimators of a representation."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this version."""
    with op.batch_alter_table("medians_curl_descent_representation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("hidden_n95", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("trajectory_n95", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("hidden_mle", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("hidden_gride_2", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("hidden_gride_4", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("hidden_gride_8", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("hidden_gride_16", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("hidden_gride_32", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("hidden_gride_64", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("hidden_gride_128", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("hidden_parallel_analysis", sa.Double(), nullable=True))

    with op.batch_alter_table("medians_population_generalization", schema=None) as batch_op:
        batch_op.add_column(sa.Column("target_decoding", sa.Double(), nullable=True))

    with op.batch_alter_table("parameters_curl_descent_representation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("shuffles", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("seed", sa.BigInteger(), nullable=True))

    with op.batch_alter_table("results_curl_descent_representation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("shuffles", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("seed", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("hidden_n95", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("trajectory_n95", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("hidden_mle", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("hidden_gride_2", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("hidden_gride_4", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("hidden_gride_8", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("hidden_gride_16", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("hidden_gride_32", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("hidden_gride_64", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("hidden_gride_128", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("hidden_parallel_analysis", sa.Double(), nullable=True))

    with op.batch_alter_table("results_population_generalization", schema=None) as batch_op:
        batch_op.add_column(sa.Column("target_decoding", sa.Double(), nullable=True))


def downgrade() -> None:
    """Go back to the version before."""
    with op.batch_alter_table("results_population_generalization", schema=None) as batch_op:
        batch_op.drop_column("target_decoding")

    with op.batch_alter_table("results_curl_descent_representation", schema=None) as batch_op:
        batch_op.drop_column("hidden_parallel_analysis")
        batch_op.drop_column("hidden_gride_128")
        batch_op.drop_column("hidden_gride_64")
        batch_op.drop_column("hidden_gride_32")
        batch_op.drop_column("hidden_gride_16")
        batch_op.drop_column("hidden_gride_8")
        batch_op.drop_column("hidden_gride_4")
        batch_op.drop_column("hidden_gride_2")
        batch_op.drop_column("hidden_mle")
        batch_op.drop_column("trajectory_n95")
        batch_op.drop_column("hidden_n95")
        batch_op.drop_column("seed")
        batch_op.drop_column("shuffles")

    with op.batch_alter_table("parameters_curl_descent_representation", schema=None) as batch_op:
        batch_op.drop_column("seed")
        batch_op.drop_column("shuffles")

    with op.batch_alter_table("medians_population_generalization", schema=None) as batch_op:
        batch_op.drop_column("target_decoding")

    with op.batch_alter_table("medians_curl_descent_representation", schema=None) as batch_op:
        batch_op.drop_column("hidden_parallel_analysis")
        batch_op.drop_column("hidden_gride_128")
        batch_op.drop_column("hidden_gride_64")
        batch_op.drop_column("hidden_gride_32")
        batch_op.drop_column("hidden_gride_16")
        batch_op.drop_column("hidden_gride_8")
        batch_op.drop_column("hidden_gride_4")
        batch_op.drop_column("hidden_gride_2")
        batch_op.drop_column("hidden_mle")
        batch_op.drop_column("trajectory_n95")
        batch_op.drop_column("hidden_n95")
