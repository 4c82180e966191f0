"""Decoding of the target among all."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this version."""
    with op.batch_alter_table("medians_population_generalization", schema=None) as batch_op:
        batch_op.add_column(sa.Column("target_decoding", sa.Double(), nullable=True))

    with op.batch_alter_table("results_population_generalization", schema=None) as batch_op:
        batch_op.add_column(sa.Column("target_decoding", sa.Double(), nullable=True))


def downgrade() -> None:
    """Go back to the version before."""
    with op.batch_alter_table("results_population_generalization", schema=None) as batch_op:
        batch_op.drop_column("target_decoding")

    with op.batch_alter_table("medians_population_generalization", schema=None) as batch_op:
        batch_op.drop_column("target_decoding")
