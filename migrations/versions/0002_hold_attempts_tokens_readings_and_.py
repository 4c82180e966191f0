"""hold attempts, tokens, readings and further kinds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Go to this version."""
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role IN ('read', 'submit', 'admin')", name=op.f("ck_tokens_role_is_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("name", name=op.f("uq_tokens_name")),
        sa.UniqueConstraint("sha256", name=op.f("uq_tokens_sha256")),
    )
    op.create_table(
        "attempts",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("worker", sa.String(length=200), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=11), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('succeeded', 'failed', 'cancelled', 'lost', 'handed_back')",
            name=op.f("ck_attempts_outcome_is_known"),
        ),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_attempts_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("experiment_id", "number", name=op.f("pk_attempts")),
    )
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.create_index("ix_attempts_outcome_seconds", ["outcome", "seconds"], unique=False)
        batch_op.create_index("ix_attempts_worker_outcome", ["worker", "outcome"], unique=False)

    op.create_table(
        "checkpoints",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("versions", JSON, nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_checkpoints_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("experiment_id", name=op.f("pk_checkpoints")),
    )
    op.create_table(
        "medians_behaviour_adaptation",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("retention", sa.Double(), nullable=True),
        sa.Column("retention_low", sa.Double(), nullable=True),
        sa.Column("retention_high", sa.Double(), nullable=True),
        sa.Column("error_sensitivity", sa.Double(), nullable=True),
        sa.Column("error_sensitivity_low", sa.Double(), nullable=True),
        sa.Column("error_sensitivity_high", sa.Double(), nullable=True),
        sa.Column("planning_variance", sa.Double(), nullable=True),
        sa.Column("planning_variance_low", sa.Double(), nullable=True),
        sa.Column("planning_variance_high", sa.Double(), nullable=True),
        sa.Column("motor_variance", sa.Double(), nullable=True),
        sa.Column("motor_variance_low", sa.Double(), nullable=True),
        sa.Column("motor_variance_high", sa.Double(), nullable=True),
        sa.Column("log_likelihood", sa.Double(), nullable=True),
        sa.Column("asymptote", sa.Double(), nullable=True),
        sa.Column("p_whiteness", sa.Double(), nullable=True),
        sa.Column("identifiable", sa.Double(), nullable=True),
        sa.Column("trials", sa.Double(), nullable=True),
        sa.Column("missing_trials", sa.Double(), nullable=True),
        sa.Column("p_error_sensitivity", sa.Double(), nullable=True),
        sa.Column("p_motor_variance", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_medians_behaviour_adaptation_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", "arm", name=op.f("pk_medians_behaviour_adaptation")
        ),
    )
    op.create_table(
        "medians_cerebellar_block_report",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("control", sa.Double(), nullable=True),
        sa.Column("control_low", sa.Double(), nullable=True),
        sa.Column("control_high", sa.Double(), nullable=True),
        sa.Column("hfs", sa.Double(), nullable=True),
        sa.Column("hfs_low", sa.Double(), nullable=True),
        sa.Column("hfs_high", sa.Double(), nullable=True),
        sa.Column("difference", sa.Double(), nullable=True),
        sa.Column("ci_low", sa.Double(), nullable=True),
        sa.Column("ci_high", sa.Double(), nullable=True),
        sa.Column("p_value", sa.Double(), nullable=True),
        sa.Column("p_holm", sa.Double(), nullable=True),
        sa.Column("supported", sa.Double(), nullable=True),
        sa.Column("sessions", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_medians_cerebellar_block_report_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", "arm", name=op.f("pk_medians_cerebellar_block_report")
        ),
    )
    op.create_table(
        "medians_curl_descent_representation",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("hidden_participation_ratio", sa.Double(), nullable=True),
        sa.Column("hidden_entropy_dimension", sa.Double(), nullable=True),
        sa.Column("hidden_n90", sa.Double(), nullable=True),
        sa.Column("trajectory_participation_ratio", sa.Double(), nullable=True),
        sa.Column("trajectory_entropy_dimension", sa.Double(), nullable=True),
        sa.Column("trajectory_n90", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_medians_curl_descent_representation_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", "arm", name=op.f("pk_medians_curl_descent_representation")
        ),
    )
    op.create_table(
        "medians_dimensionality_components",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("n90", sa.Double(), nullable=True),
        sa.Column("n95", sa.Double(), nullable=True),
        sa.Column("entropy_dimension", sa.Double(), nullable=True),
        sa.Column("cvpca", sa.Double(), nullable=True),
        sa.Column("parallel_analysis", sa.Double(), nullable=True),
        sa.Column("factor_analysis", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_medians_dimensionality_components_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", "arm", name=op.f("pk_medians_dimensionality_components")
        ),
    )
    op.create_table(
        "medians_dimensionality_intrinsic",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("twonn", sa.Double(), nullable=True),
        sa.Column("mle", sa.Double(), nullable=True),
        sa.Column("gride_2", sa.Double(), nullable=True),
        sa.Column("gride_4", sa.Double(), nullable=True),
        sa.Column("gride_8", sa.Double(), nullable=True),
        sa.Column("gride_16", sa.Double(), nullable=True),
        sa.Column("gride_32", sa.Double(), nullable=True),
        sa.Column("gride_64", sa.Double(), nullable=True),
        sa.Column("gride_128", sa.Double(), nullable=True),
        sa.Column("points", sa.Double(), nullable=True),
        sa.Column("zero_distances", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_medians_dimensionality_intrinsic_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", "arm", name=op.f("pk_medians_dimensionality_intrinsic")
        ),
    )
    op.create_table(
        "medians_population_condition_distance",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("distance", sa.Double(), nullable=True),
        sa.Column("ci_low", sa.Double(), nullable=True),
        sa.Column("ci_high", sa.Double(), nullable=True),
        sa.Column("euclidean", sa.Double(), nullable=True),
        sa.Column("distance_pseudo", sa.Double(), nullable=True),
        sa.Column("p_value", sa.Double(), nullable=True),
        sa.Column("trials", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_medians_population_condition_distance_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", "arm", name=op.f("pk_medians_population_condition_distance")
        ),
    )
    op.create_table(
        "medians_population_generalization",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("ccgp", sa.Double(), nullable=True),
        sa.Column("ccgp_low", sa.Double(), nullable=True),
        sa.Column("ccgp_high", sa.Double(), nullable=True),
        sa.Column("ccgp_null", sa.Double(), nullable=True),
        sa.Column("p_value", sa.Double(), nullable=True),
        sa.Column("decoding", sa.Double(), nullable=True),
        sa.Column("shattering_mean_accuracy", sa.Double(), nullable=True),
        sa.Column("shattering_fraction", sa.Double(), nullable=True),
        sa.Column("direction_error_deg", sa.Double(), nullable=True),
        sa.Column("change_generalization", sa.Double(), nullable=True),
        sa.Column("ccgp_difference", sa.Double(), nullable=True),
        sa.Column("trials_per_target", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_medians_population_generalization_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", "arm", name=op.f("pk_medians_population_generalization")
        ),
    )
    op.create_table(
        "medians_population_reaiming",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("shift_deg", sa.Double(), nullable=True),
        sa.Column("ci_low", sa.Double(), nullable=True),
        sa.Column("ci_high", sa.Double(), nullable=True),
        sa.Column("similarity", sa.Double(), nullable=True),
        sa.Column("gain", sa.Double(), nullable=True),
        sa.Column("p_value", sa.Double(), nullable=True),
        sa.Column("decoder_shift_deg", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_medians_population_reaiming_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", "arm", name=op.f("pk_medians_population_reaiming")
        ),
    )
    op.create_table(
        "medians_population_subspaces",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("angle_1_deg", sa.Double(), nullable=True),
        sa.Column("angle_2_deg", sa.Double(), nullable=True),
        sa.Column("angle_3_deg", sa.Double(), nullable=True),
        sa.Column("angle_4_deg", sa.Double(), nullable=True),
        sa.Column("alignment_ab", sa.Double(), nullable=True),
        sa.Column("alignment_ba", sa.Double(), nullable=True),
        sa.Column("procrustes", sa.Double(), nullable=True),
        sa.Column("half_angle_1_deg", sa.Double(), nullable=True),
        sa.Column("half_angle_2_deg", sa.Double(), nullable=True),
        sa.Column("half_angle_3_deg", sa.Double(), nullable=True),
        sa.Column("half_angle_4_deg", sa.Double(), nullable=True),
        sa.Column("half_alignment_ab", sa.Double(), nullable=True),
        sa.Column("half_alignment_ba", sa.Double(), nullable=True),
        sa.Column("half_procrustes", sa.Double(), nullable=True),
        sa.Column("ceiling_angle_1_deg", sa.Double(), nullable=True),
        sa.Column("ceiling_angle_2_deg", sa.Double(), nullable=True),
        sa.Column("ceiling_angle_3_deg", sa.Double(), nullable=True),
        sa.Column("ceiling_angle_4_deg", sa.Double(), nullable=True),
        sa.Column("ceiling_alignment_ab", sa.Double(), nullable=True),
        sa.Column("ceiling_alignment_ba", sa.Double(), nullable=True),
        sa.Column("ceiling_procrustes", sa.Double(), nullable=True),
        sa.Column("floor_angle_1_deg", sa.Double(), nullable=True),
        sa.Column("floor_angle_2_deg", sa.Double(), nullable=True),
        sa.Column("floor_angle_3_deg", sa.Double(), nullable=True),
        sa.Column("floor_angle_4_deg", sa.Double(), nullable=True),
        sa.Column("floor_alignment_ab", sa.Double(), nullable=True),
        sa.Column("floor_alignment_ba", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_medians_population_subspaces_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", "arm", name=op.f("pk_medians_population_subspaces")
        ),
    )
    op.create_table(
        "medians_population_variance_partition",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("fraction", sa.Double(), nullable=True),
        sa.Column("ci_low", sa.Double(), nullable=True),
        sa.Column("ci_high", sa.Double(), nullable=True),
        sa.Column("fraction_naive", sa.Double(), nullable=True),
        sa.Column("fraction_pseudo", sa.Double(), nullable=True),
        sa.Column("p_value", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_medians_population_variance_partition_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", "arm", name=op.f("pk_medians_population_variance_partition")
        ),
    )
    op.create_table(
        "parameters_behaviour_adaptation",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("dataset", sa.String(length=200), nullable=True),
        sa.Column("transform", sa.String(length=200), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("block_factor", sa.String(length=200), nullable=True),
        sa.Column("model", sa.String(length=200), nullable=True),
        sa.Column("state_at_blocks", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_parameters_behaviour_adaptation_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("experiment_id", name=op.f("pk_parameters_behaviour_adaptation")),
    )
    op.create_table(
        "parameters_cerebellar_block_report",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("dataset", sa.String(length=200), nullable=True),
        sa.Column("transform", sa.String(length=200), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("state_factor", sa.String(length=200), nullable=True),
        sa.Column("field_factor", sa.String(length=200), nullable=True),
        sa.Column("permutations", sa.BigInteger(), nullable=True),
        sa.Column("resamples", sa.BigInteger(), nullable=True),
        sa.Column("simulations", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_parameters_cerebellar_block_report_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", name=op.f("pk_parameters_cerebellar_block_report")
        ),
    )
    op.create_table(
        "parameters_curl_descent_representation",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("experiment", sa.String(length=200), nullable=True),
        sa.Column("result", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_parameters_curl_descent_representation_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", name=op.f("pk_parameters_curl_descent_representation")
        ),
    )
    op.create_table(
        "parameters_dimensionality_components",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("dataset", sa.String(length=200), nullable=True),
        sa.Column("transform", sa.String(length=200), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("block_factor", sa.String(length=200), nullable=True),
        sa.Column("splits", sa.BigInteger(), nullable=True),
        sa.Column("shuffles", sa.BigInteger(), nullable=True),
        sa.Column("factors", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_parameters_dimensionality_components_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", name=op.f("pk_parameters_dimensionality_components")
        ),
    )
    op.create_table(
        "parameters_dimensionality_intrinsic",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("dataset", sa.String(length=200), nullable=True),
        sa.Column("transform", sa.String(length=200), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("block_factor", sa.String(length=200), nullable=True),
        sa.Column("every", sa.BigInteger(), nullable=True),
        sa.Column("surrogates", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_parameters_dimensionality_intrinsic_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", name=op.f("pk_parameters_dimensionality_intrinsic")
        ),
    )
    op.create_table(
        "parameters_population_condition_distance",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("dataset", sa.String(length=200), nullable=True),
        sa.Column("transform", sa.String(length=200), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("factor", sa.String(length=200), nullable=True),
        sa.Column("block_factor", sa.String(length=200), nullable=True),
        sa.Column("folds", sa.BigInteger(), nullable=True),
        sa.Column("permutations", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_parameters_population_condition_distance_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", name=op.f("pk_parameters_population_condition_distance")
        ),
    )
    op.create_table(
        "parameters_population_generalization",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("dataset", sa.String(length=200), nullable=True),
        sa.Column("transform", sa.String(length=200), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("block_factor", sa.String(length=200), nullable=True),
        sa.Column("field_factor", sa.String(length=200), nullable=True),
        sa.Column("nulls", sa.BigInteger(), nullable=True),
        sa.Column("decoding_nulls", sa.BigInteger(), nullable=True),
        sa.Column("folds", sa.BigInteger(), nullable=True),
        sa.Column("repeats", sa.BigInteger(), nullable=True),
        sa.Column("permutations", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_parameters_population_generalization_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", name=op.f("pk_parameters_population_generalization")
        ),
    )
    op.create_table(
        "parameters_population_reaiming",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("dataset", sa.String(length=200), nullable=True),
        sa.Column("transform", sa.String(length=200), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("factor", sa.String(length=200), nullable=True),
        sa.Column("reference", sa.String(length=200), nullable=True),
        sa.Column("compare", sa.String(length=200), nullable=True),
        sa.Column("resamples", sa.BigInteger(), nullable=True),
        sa.Column("permutations", sa.BigInteger(), nullable=True),
        sa.Column("splits", sa.BigInteger(), nullable=True),
        sa.Column("decoder_ridge", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_parameters_population_reaiming_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("experiment_id", name=op.f("pk_parameters_population_reaiming")),
    )
    op.create_table(
        "parameters_population_subspaces",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("dataset", sa.String(length=200), nullable=True),
        sa.Column("transform", sa.String(length=200), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("block_factor", sa.String(length=200), nullable=True),
        sa.Column("components", sa.BigInteger(), nullable=True),
        sa.Column("splits", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_parameters_population_subspaces_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("experiment_id", name=op.f("pk_parameters_population_subspaces")),
    )
    op.create_table(
        "parameters_population_variance_partition",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("dataset", sa.String(length=200), nullable=True),
        sa.Column("transform", sa.String(length=200), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("block_factor", sa.String(length=200), nullable=True),
        sa.Column("permutations", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_parameters_population_variance_partition_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", name=op.f("pk_parameters_population_variance_partition")
        ),
    )
    op.create_table(
        "results_behaviour_adaptation",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("replicate", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sweep_id", sa.String(length=36), nullable=True),
        sa.Column("dataset", sa.String(length=200), nullable=True),
        sa.Column("transform", sa.String(length=200), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("block_factor", sa.String(length=200), nullable=True),
        sa.Column("model", sa.String(length=200), nullable=True),
        sa.Column("state_at_blocks", sa.String(length=200), nullable=True),
        sa.Column("retention", sa.Double(), nullable=True),
        sa.Column("retention_low", sa.Double(), nullable=True),
        sa.Column("retention_high", sa.Double(), nullable=True),
        sa.Column("error_sensitivity", sa.Double(), nullable=True),
        sa.Column("error_sensitivity_low", sa.Double(), nullable=True),
        sa.Column("error_sensitivity_high", sa.Double(), nullable=True),
        sa.Column("planning_variance", sa.Double(), nullable=True),
        sa.Column("planning_variance_low", sa.Double(), nullable=True),
        sa.Column("planning_variance_high", sa.Double(), nullable=True),
        sa.Column("motor_variance", sa.Double(), nullable=True),
        sa.Column("motor_variance_low", sa.Double(), nullable=True),
        sa.Column("motor_variance_high", sa.Double(), nullable=True),
        sa.Column("log_likelihood", sa.Double(), nullable=True),
        sa.Column("asymptote", sa.Double(), nullable=True),
        sa.Column("p_whiteness", sa.Double(), nullable=True),
        sa.Column("identifiable", sa.Boolean(), nullable=True),
        sa.Column("trials", sa.BigInteger(), nullable=True),
        sa.Column("missing_trials", sa.BigInteger(), nullable=True),
        sa.Column("p_error_sensitivity", sa.Double(), nullable=True),
        sa.Column("p_motor_variance", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_results_behaviour_adaptation_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", "arm", "replicate", name=op.f("pk_results_behaviour_adaptation")
        ),
    )
    with op.batch_alter_table("results_behaviour_adaptation", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_results_behaviour_adaptation_sweep_id"), ["sweep_id"], unique=False
        )

    op.create_table(
        "results_cerebellar_block_report",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("replicate", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sweep_id", sa.String(length=36), nullable=True),
        sa.Column("dataset", sa.String(length=200), nullable=True),
        sa.Column("transform", sa.String(length=200), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("state_factor", sa.String(length=200), nullable=True),
        sa.Column("field_factor", sa.String(length=200), nullable=True),
        sa.Column("permutations", sa.BigInteger(), nullable=True),
        sa.Column("resamples", sa.BigInteger(), nullable=True),
        sa.Column("simulations", sa.BigInteger(), nullable=True),
        sa.Column("control", sa.Double(), nullable=True),
        sa.Column("control_low", sa.Double(), nullable=True),
        sa.Column("control_high", sa.Double(), nullable=True),
        sa.Column("hfs", sa.Double(), nullable=True),
        sa.Column("hfs_low", sa.Double(), nullable=True),
        sa.Column("hfs_high", sa.Double(), nullable=True),
        sa.Column("difference", sa.Double(), nullable=True),
        sa.Column("ci_low", sa.Double(), nullable=True),
        sa.Column("ci_high", sa.Double(), nullable=True),
        sa.Column("p_value", sa.Double(), nullable=True),
        sa.Column("p_holm", sa.Double(), nullable=True),
        sa.Column("supported", sa.Boolean(), nullable=True),
        sa.Column("sessions", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_results_cerebellar_block_report_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", "arm", "replicate", name=op.f("pk_results_cerebellar_block_report")
        ),
    )
    with op.batch_alter_table("results_cerebellar_block_report", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_results_cerebellar_block_report_sweep_id"), ["sweep_id"], unique=False
        )

    op.create_table(
        "results_curl_descent_representation",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("replicate", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sweep_id", sa.String(length=36), nullable=True),
        sa.Column("experiment", sa.String(length=200), nullable=True),
        sa.Column("result", sa.String(length=200), nullable=True),
        sa.Column("hidden_participation_ratio", sa.Double(), nullable=True),
        sa.Column("hidden_entropy_dimension", sa.Double(), nullable=True),
        sa.Column("hidden_n90", sa.Double(), nullable=True),
        sa.Column("trajectory_participation_ratio", sa.Double(), nullable=True),
        sa.Column("trajectory_entropy_dimension", sa.Double(), nullable=True),
        sa.Column("trajectory_n90", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_results_curl_descent_representation_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", "arm", "replicate", name=op.f("pk_results_curl_descent_representation")
        ),
    )
    with op.batch_alter_table("results_curl_descent_representation", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_results_curl_descent_representation_sweep_id"),
            ["sweep_id"],
            unique=False,
        )

    op.create_table(
        "results_dimensionality_components",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("replicate", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sweep_id", sa.String(length=36), nullable=True),
        sa.Column("dataset", sa.String(length=200), nullable=True),
        sa.Column("transform", sa.String(length=200), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("block_factor", sa.String(length=200), nullable=True),
        sa.Column("splits", sa.BigInteger(), nullable=True),
        sa.Column("shuffles", sa.BigInteger(), nullable=True),
        sa.Column("factors", sa.BigInteger(), nullable=True),
        sa.Column("n90", sa.BigInteger(), nullable=True),
        sa.Column("n95", sa.BigInteger(), nullable=True),
        sa.Column("entropy_dimension", sa.Double(), nullable=True),
        sa.Column("cvpca", sa.BigInteger(), nullable=True),
        sa.Column("parallel_analysis", sa.BigInteger(), nullable=True),
        sa.Column("factor_analysis", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_results_dimensionality_components_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", "arm", "replicate", name=op.f("pk_results_dimensionality_components")
        ),
    )
    with op.batch_alter_table("results_dimensionality_components", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_results_dimensionality_components_sweep_id"), ["sweep_id"], unique=False
        )

    op.create_table(
        "results_dimensionality_intrinsic",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("replicate", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sweep_id", sa.String(length=36), nullable=True),
        sa.Column("dataset", sa.String(length=200), nullable=True),
        sa.Column("transform", sa.String(length=200), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("block_factor", sa.String(length=200), nullable=True),
        sa.Column("every", sa.BigInteger(), nullable=True),
        sa.Column("surrogates", sa.BigInteger(), nullable=True),
        sa.Column("twonn", sa.Double(), nullable=True),
        sa.Column("mle", sa.Double(), nullable=True),
        sa.Column("gride_2", sa.Double(), nullable=True),
        sa.Column("gride_4", sa.Double(), nullable=True),
        sa.Column("gride_8", sa.Double(), nullable=True),
        sa.Column("gride_16", sa.Double(), nullable=True),
        sa.Column("gride_32", sa.Double(), nullable=True),
        sa.Column("gride_64", sa.Double(), nullable=True),
        sa.Column("gride_128", sa.Double(), nullable=True),
        sa.Column("points", sa.BigInteger(), nullable=True),
        sa.Column("zero_distances", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_results_dimensionality_intrinsic_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", "arm", "replicate", name=op.f("pk_results_dimensionality_intrinsic")
        ),
    )
    with op.batch_alter_table("results_dimensionality_intrinsic", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_results_dimensionality_intrinsic_sweep_id"), ["sweep_id"], unique=False
        )

    op.create_table(
        "results_population_condition_distance",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("replicate", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sweep_id", sa.String(length=36), nullable=True),
        sa.Column("dataset", sa.String(length=200), nullable=True),
        sa.Column("transform", sa.String(length=200), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("factor", sa.String(length=200), nullable=True),
        sa.Column("block_factor", sa.String(length=200), nullable=True),
        sa.Column("folds", sa.BigInteger(), nullable=True),
        sa.Column("permutations", sa.BigInteger(), nullable=True),
        sa.Column("distance", sa.Double(), nullable=True),
        sa.Column("ci_low", sa.Double(), nullable=True),
        sa.Column("ci_high", sa.Double(), nullable=True),
        sa.Column("euclidean", sa.Double(), nullable=True),
        sa.Column("distance_pseudo", sa.Double(), nullable=True),
        sa.Column("p_value", sa.Double(), nullable=True),
        sa.Column("trials", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_results_population_condition_distance_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id",
            "arm",
            "replicate",
            name=op.f("pk_results_population_condition_distance"),
        ),
    )
    with op.batch_alter_table("results_population_condition_distance", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_results_population_condition_distance_sweep_id"),
            ["sweep_id"],
            unique=False,
        )

    op.create_table(
        "results_population_generalization",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("replicate", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sweep_id", sa.String(length=36), nullable=True),
        sa.Column("dataset", sa.String(length=200), nullable=True),
        sa.Column("transform", sa.String(length=200), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("block_factor", sa.String(length=200), nullable=True),
        sa.Column("field_factor", sa.String(length=200), nullable=True),
        sa.Column("nulls", sa.BigInteger(), nullable=True),
        sa.Column("decoding_nulls", sa.BigInteger(), nullable=True),
        sa.Column("folds", sa.BigInteger(), nullable=True),
        sa.Column("repeats", sa.BigInteger(), nullable=True),
        sa.Column("permutations", sa.BigInteger(), nullable=True),
        sa.Column("ccgp", sa.Double(), nullable=True),
        sa.Column("ccgp_low", sa.Double(), nullable=True),
        sa.Column("ccgp_high", sa.Double(), nullable=True),
        sa.Column("ccgp_null", sa.Double(), nullable=True),
        sa.Column("p_value", sa.Double(), nullable=True),
        sa.Column("decoding", sa.Double(), nullable=True),
        sa.Column("shattering_mean_accuracy", sa.Double(), nullable=True),
        sa.Column("shattering_fraction", sa.Double(), nullable=True),
        sa.Column("direction_error_deg", sa.Double(), nullable=True),
        sa.Column("change_generalization", sa.Double(), nullable=True),
        sa.Column("ccgp_difference", sa.Double(), nullable=True),
        sa.Column("trials_per_target", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_results_population_generalization_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", "arm", "replicate", name=op.f("pk_results_population_generalization")
        ),
    )
    with op.batch_alter_table("results_population_generalization", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_results_population_generalization_sweep_id"), ["sweep_id"], unique=False
        )

    op.create_table(
        "results_population_reaiming",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("replicate", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sweep_id", sa.String(length=36), nullable=True),
        sa.Column("dataset", sa.String(length=200), nullable=True),
        sa.Column("transform", sa.String(length=200), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("factor", sa.String(length=200), nullable=True),
        sa.Column("reference", sa.String(length=200), nullable=True),
        sa.Column("compare", sa.String(length=200), nullable=True),
        sa.Column("resamples", sa.BigInteger(), nullable=True),
        sa.Column("permutations", sa.BigInteger(), nullable=True),
        sa.Column("splits", sa.BigInteger(), nullable=True),
        sa.Column("decoder_ridge", sa.Double(), nullable=True),
        sa.Column("shift_deg", sa.Double(), nullable=True),
        sa.Column("ci_low", sa.Double(), nullable=True),
        sa.Column("ci_high", sa.Double(), nullable=True),
        sa.Column("similarity", sa.Double(), nullable=True),
        sa.Column("gain", sa.Double(), nullable=True),
        sa.Column("p_value", sa.Double(), nullable=True),
        sa.Column("decoder_shift_deg", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_results_population_reaiming_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", "arm", "replicate", name=op.f("pk_results_population_reaiming")
        ),
    )
    with op.batch_alter_table("results_population_reaiming", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_results_population_reaiming_sweep_id"), ["sweep_id"], unique=False
        )

    op.create_table(
        "results_population_subspaces",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("replicate", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sweep_id", sa.String(length=36), nullable=True),
        sa.Column("dataset", sa.String(length=200), nullable=True),
        sa.Column("transform", sa.String(length=200), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("block_factor", sa.String(length=200), nullable=True),
        sa.Column("components", sa.BigInteger(), nullable=True),
        sa.Column("splits", sa.BigInteger(), nullable=True),
        sa.Column("angle_1_deg", sa.Double(), nullable=True),
        sa.Column("angle_2_deg", sa.Double(), nullable=True),
        sa.Column("angle_3_deg", sa.Double(), nullable=True),
        sa.Column("angle_4_deg", sa.Double(), nullable=True),
        sa.Column("alignment_ab", sa.Double(), nullable=True),
        sa.Column("alignment_ba", sa.Double(), nullable=True),
        sa.Column("procrustes", sa.Double(), nullable=True),
        sa.Column("half_angle_1_deg", sa.Double(), nullable=True),
        sa.Column("half_angle_2_deg", sa.Double(), nullable=True),
        sa.Column("half_angle_3_deg", sa.Double(), nullable=True),
        sa.Column("half_angle_4_deg", sa.Double(), nullable=True),
        sa.Column("half_alignment_ab", sa.Double(), nullable=True),
        sa.Column("half_alignment_ba", sa.Double(), nullable=True),
        sa.Column("half_procrustes", sa.Double(), nullable=True),
        sa.Column("ceiling_angle_1_deg", sa.Double(), nullable=True),
        sa.Column("ceiling_angle_2_deg", sa.Double(), nullable=True),
        sa.Column("ceiling_angle_3_deg", sa.Double(), nullable=True),
        sa.Column("ceiling_angle_4_deg", sa.Double(), nullable=True),
        sa.Column("ceiling_alignment_ab", sa.Double(), nullable=True),
        sa.Column("ceiling_alignment_ba", sa.Double(), nullable=True),
        sa.Column("ceiling_procrustes", sa.Double(), nullable=True),
        sa.Column("floor_angle_1_deg", sa.Double(), nullable=True),
        sa.Column("floor_angle_2_deg", sa.Double(), nullable=True),
        sa.Column("floor_angle_3_deg", sa.Double(), nullable=True),
        sa.Column("floor_angle_4_deg", sa.Double(), nullable=True),
        sa.Column("floor_alignment_ab", sa.Double(), nullable=True),
        sa.Column("floor_alignment_ba", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_results_population_subspaces_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", "arm", "replicate", name=op.f("pk_results_population_subspaces")
        ),
    )
    with op.batch_alter_table("results_population_subspaces", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_results_population_subspaces_sweep_id"), ["sweep_id"], unique=False
        )

    op.create_table(
        "results_population_variance_partition",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("replicate", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sweep_id", sa.String(length=36), nullable=True),
        sa.Column("dataset", sa.String(length=200), nullable=True),
        sa.Column("transform", sa.String(length=200), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("block_factor", sa.String(length=200), nullable=True),
        sa.Column("permutations", sa.BigInteger(), nullable=True),
        sa.Column("fraction", sa.Double(), nullable=True),
        sa.Column("ci_low", sa.Double(), nullable=True),
        sa.Column("ci_high", sa.Double(), nullable=True),
        sa.Column("fraction_naive", sa.Double(), nullable=True),
        sa.Column("fraction_pseudo", sa.Double(), nullable=True),
        sa.Column("p_value", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_results_population_variance_partition_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id",
            "arm",
            "replicate",
            name=op.f("pk_results_population_variance_partition"),
        ),
    )
    with op.batch_alter_table("results_population_variance_partition", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_results_population_variance_partition_sweep_id"),
            ["sweep_id"],
            unique=False,
        )

    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("owner", sa.String(length=100), server_default="anonymous", nullable=False)
        )

    with op.batch_alter_table("experiments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reading", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("time_limit_s", sa.Double(), nullable=True))
        batch_op.add_column(
            sa.Column("owner", sa.String(length=100), server_default="anonymous", nullable=False)
        )
        batch_op.create_index(
            "ix_experiments_turns",
            ["owner", sa.literal_column("priority DESC"), "id"],
            unique=False,
            sqlite_where=sa.text("status = 'queued'"),
            postgresql_where=sa.text("status = 'queued'"),
        )

    with op.batch_alter_table("medians_curl_descent_simulation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("lyapunov_max", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("lyapunov_max_error", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("lyapunov_first_nonzero", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("chaotic", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("curl_fraction", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("hidden_dimensionality", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("trajectory_dimensionality", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("conservation_drift", sa.Double(), nullable=True))

    with op.batch_alter_table(
        "medians_dimensionality_participation_ratio", schema=None
    ) as batch_op:
        batch_op.add_column(sa.Column("pseudo_log_ratio", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("pseudo_log_se", sa.Double(), nullable=True))

    with op.batch_alter_table("parameters_curl_descent_simulation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("teacher_weights", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("data_inputs", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("data_covariance", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("training_retire", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("record_hidden_dimensionality", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("record_trajectory_window", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("record_curl_fraction", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("record_conservation", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("record_lyapunov_exponents", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("record_lyapunov_window", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("record_weights", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("record_probe_size", sa.BigInteger(), nullable=True))

    with op.batch_alter_table("results_curl_descent_simulation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("teacher_weights", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("data_inputs", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("data_covariance", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("training_retire", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("record_hidden_dimensionality", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("record_trajectory_window", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("record_curl_fraction", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("record_conservation", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("record_lyapunov_exponents", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("record_lyapunov_window", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("record_weights", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("record_probe_size", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("lyapunov_max", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("lyapunov_max_error", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("lyapunov_first_nonzero", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("chaotic", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("curl_fraction", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("hidden_dimensionality", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("trajectory_dimensionality", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("conservation_drift", sa.Double(), nullable=True))

    with op.batch_alter_table(
        "results_dimensionality_participation_ratio", schema=None
    ) as batch_op:
        batch_op.add_column(sa.Column("pseudo_log_ratio", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("pseudo_log_se", sa.Double(), nullable=True))

    with op.batch_alter_table("sweeps", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("owner", sa.String(length=100), server_default="anonymous", nullable=False)
        )


def downgrade() -> None:
    """Go back to the version before."""
    op.drop_column("sweeps", "owner")

    with op.batch_alter_table(
        "results_dimensionality_participation_ratio", schema=None
    ) as batch_op:
        batch_op.drop_column("pseudo_log_se")
        batch_op.drop_column("pseudo_log_ratio")

    with op.batch_alter_table("results_curl_descent_simulation", schema=None) as batch_op:
        batch_op.drop_column("conservation_drift")
        batch_op.drop_column("trajectory_dimensionality")
        batch_op.drop_column("hidden_dimensionality")
        batch_op.drop_column("curl_fraction")
        batch_op.drop_column("chaotic")
        batch_op.drop_column("lyapunov_first_nonzero")
        batch_op.drop_column("lyapunov_max_error")
        batch_op.drop_column("lyapunov_max")
        batch_op.drop_column("record_probe_size")
        batch_op.drop_column("record_weights")
        batch_op.drop_column("record_lyapunov_window")
        batch_op.drop_column("record_lyapunov_exponents")
        batch_op.drop_column("record_conservation")
        batch_op.drop_column("record_curl_fraction")
        batch_op.drop_column("record_trajectory_window")
        batch_op.drop_column("record_hidden_dimensionality")
        batch_op.drop_column("training_retire")
        batch_op.drop_column("data_covariance")
        batch_op.drop_column("data_inputs")
        batch_op.drop_column("teacher_weights")

    with op.batch_alter_table("parameters_curl_descent_simulation", schema=None) as batch_op:
        batch_op.drop_column("record_probe_size")
        batch_op.drop_column("record_weights")
        batch_op.drop_column("record_lyapunov_window")
        batch_op.drop_column("record_lyapunov_exponents")
        batch_op.drop_column("record_conservation")
        batch_op.drop_column("record_curl_fraction")
        batch_op.drop_column("record_trajectory_window")
        batch_op.drop_column("record_hidden_dimensionality")
        batch_op.drop_column("training_retire")
        batch_op.drop_column("data_covariance")
        batch_op.drop_column("data_inputs")
        batch_op.drop_column("teacher_weights")

    with op.batch_alter_table(
        "medians_dimensionality_participation_ratio", schema=None
    ) as batch_op:
        batch_op.drop_column("pseudo_log_se")
        batch_op.drop_column("pseudo_log_ratio")

    with op.batch_alter_table("medians_curl_descent_simulation", schema=None) as batch_op:
        batch_op.drop_column("conservation_drift")
        batch_op.drop_column("trajectory_dimensionality")
        batch_op.drop_column("hidden_dimensionality")
        batch_op.drop_column("curl_fraction")
        batch_op.drop_column("chaotic")
        batch_op.drop_column("lyapunov_first_nonzero")
        batch_op.drop_column("lyapunov_max_error")
        batch_op.drop_column("lyapunov_max")

    # Not in a batch: SQLite would make the table anew and delete what refers to its rows.
    op.drop_index("ix_experiments_turns", "experiments")
    for column in ("owner", "time_limit_s", "reading"):
        op.drop_column("experiments", column)

    op.drop_column("datasets", "owner")

    with op.batch_alter_table("results_population_variance_partition", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_results_population_variance_partition_sweep_id"))

    op.drop_table("results_population_variance_partition")
    with op.batch_alter_table("results_population_subspaces", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_results_population_subspaces_sweep_id"))

    op.drop_table("results_population_subspaces")
    with op.batch_alter_table("results_population_reaiming", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_results_population_reaiming_sweep_id"))

    op.drop_table("results_population_reaiming")
    with op.batch_alter_table("results_population_generalization", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_results_population_generalization_sweep_id"))

    op.drop_table("results_population_generalization")
    with op.batch_alter_table("results_population_condition_distance", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_results_population_condition_distance_sweep_id"))

    op.drop_table("results_population_condition_distance")
    with op.batch_alter_table("results_dimensionality_intrinsic", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_results_dimensionality_intrinsic_sweep_id"))

    op.drop_table("results_dimensionality_intrinsic")
    with op.batch_alter_table("results_dimensionality_components", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_results_dimensionality_components_sweep_id"))

    op.drop_table("results_dimensionality_components")
    with op.batch_alter_table("results_curl_descent_representation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_results_curl_descent_representation_sweep_id"))

    op.drop_table("results_curl_descent_representation")
    with op.batch_alter_table("results_cerebellar_block_report", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_results_cerebellar_block_report_sweep_id"))

    op.drop_table("results_cerebellar_block_report")
    with op.batch_alter_table("results_behaviour_adaptation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_results_behaviour_adaptation_sweep_id"))

    op.drop_table("results_behaviour_adaptation")
    op.drop_table("parameters_population_variance_partition")
    op.drop_table("parameters_population_subspaces")
    op.drop_table("parameters_population_reaiming")
    op.drop_table("parameters_population_generalization")
    op.drop_table("parameters_population_condition_distance")
    op.drop_table("parameters_dimensionality_intrinsic")
    op.drop_table("parameters_dimensionality_components")
    op.drop_table("parameters_curl_descent_representation")
    op.drop_table("parameters_cerebellar_block_report")
    op.drop_table("parameters_behaviour_adaptation")
    op.drop_table("medians_population_variance_partition")
    op.drop_table("medians_population_subspaces")
    op.drop_table("medians_population_reaiming")
    op.drop_table("medians_population_generalization")
    op.drop_table("medians_population_condition_distance")
    op.drop_table("medians_dimensionality_intrinsic")
    op.drop_table("medians_dimensionality_components")
    op.drop_table("medians_curl_descent_representation")
    op.drop_table("medians_cerebellar_block_report")
    op.drop_table("medians_behaviour_adaptation")
    op.drop_table("checkpoints")
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.drop_index("ix_attempts_worker_outcome")
        batch_op.drop_index("ix_attempts_outcome_seconds")

    op.drop_table("attempts")
    op.drop_table("tokens")
