"""Covariance of one's own for stability."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Go to this version."""
    with op.batch_alter_table("parameters_curl_descent_stability", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("input_covariance_dataset", sa.String(length=200), nullable=True)
        )

    with op.batch_alter_table("results_curl_descent_stability", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("input_covariance_dataset", sa.String(length=200), nullable=True)
        )


def downgrade() -> None:
    """Go back to the version before."""
    with op.batch_alter_table("results_curl_descent_stability", schema=None) as batch_op:
        batch_op.drop_column("input_covariance_dataset")

    with op.batch_alter_table("parameters_curl_descent_stability", schema=None) as batch_op:
        batch_op.drop_column("input_covariance_dataset")
