"""Turns of owners, which turn an attempt was, and what deleted attempts add to totals."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this version."""
    op.create_table(
        "turns",
        sa.Column("owner", sa.String(length=100), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_turns")),
    )
    op.create_table(
        "deleted_attempts",
        sa.Column("outcome", sa.String(length=11), nullable=False),
        sa.Column("bound", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("outcome", "bound", name=op.f("pk_deleted_attempts")),
    )
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("turn", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    """Go back to the version before."""
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.drop_column("turn")
    op.drop_table("deleted_attempts")
    op.drop_table("turns")
