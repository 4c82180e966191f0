"""First schema."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Go to this version."""
    op.create_table(
        "datasets",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("blob_sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("mapping", JSON, nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("summary", JSON, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('inspecting', 'ready', 'refused')", name=op.f("ck_datasets_status_is_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_datasets")),
    )
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_datasets_blob_sha256"), ["blob_sha256"], unique=False)
        batch_op.create_index("ix_datasets_created_at_id", ["created_at", "id"], unique=False)

    op.create_table(
        "sweeps",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=True),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweeps")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_sweeps_idempotency_key")),
    )
    op.create_table(
        "experiments",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=100), nullable=False),
        sa.Column("kind_version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("sweep_id", sa.String(length=36), nullable=True),
        sa.Column("point", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("spec", JSON, nullable=False),
        sa.Column("spec_hash", sa.String(length=64), nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=True),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("progress", sa.Double(), nullable=False),
        sa.Column("live", JSON, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("lost_attempts", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=200), nullable=True),
        sa.Column("lease_until", sa.Double(), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("estimate", JSON, nullable=False),
        sa.Column("summary", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("warnings", JSON, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("versions", JSON, nullable=True),
        sa.Column("disk_bytes", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')",
            name=op.f("ck_experiments_status_is_known"),
        ),
        sa.ForeignKeyConstraint(
            ["sweep_id"], ["sweeps.id"], name=op.f("fk_experiments_sweep_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experiments")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_experiments_idempotency_key")),
    )
    with op.batch_alter_table("experiments", schema=None) as batch_op:
        batch_op.create_index("ix_experiments_created", ["created_at", "id"], unique=False)
        batch_op.create_index("ix_experiments_disk", ["disk_bytes", "id"], unique=False)
        batch_op.create_index(
            "ix_experiments_lease",
            ["lease_until"],
            unique=False,
            sqlite_where=sa.text("status = 'running'"),
            postgresql_where=sa.text("status = 'running'"),
        )
        batch_op.create_index(
            "ix_experiments_queue",
            [sa.literal_column("priority DESC"), "id"],
            unique=False,
            sqlite_where=sa.text("status = 'queued'"),
            postgresql_where=sa.text("status = 'queued'"),
        )
        batch_op.create_index(batch_op.f("ix_experiments_spec_hash"), ["spec_hash"], unique=False)
        batch_op.create_index("ix_experiments_status", ["status", "id"], unique=False)
        batch_op.create_index(
            "ix_experiments_sweep", ["sweep_id", "status", "disk_bytes"], unique=False
        )

    op.create_table(
        "arrays",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("axes", JSON, nullable=False),
        sa.Column("shape", JSON, nullable=False),
        sa.Column("dtype", sa.String(length=20), nullable=False),
        sa.Column("unit", sa.String(length=50), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_arrays_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("experiment_id", "name", name=op.f("pk_arrays")),
    )
    op.create_table(
        "completion_hooks",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("experiment_id", sa.String(length=36), nullable=True),
        sa.Column("sweep_id", sa.String(length=36), nullable=True),
        sa.Column("command", sa.String(length=100), nullable=True),
        sa.Column("webhook", sa.String(length=2000), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", sa.Double(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'delivered', 'failed')",
            name=op.f("ck_completion_hooks_state_is_known"),
        ),
        sa.CheckConstraint(
            "(command IS NULL) <> (webhook IS NULL)",
            name=op.f("ck_completion_hooks_receiver_is_one"),
        ),
        sa.CheckConstraint(
            "(experiment_id IS NULL) <> (sweep_id IS NULL)",
            name=op.f("ck_completion_hooks_owner_is_one"),
        ),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_completion_hooks_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["sweep_id"],
            ["sweeps.id"],
            name=op.f("fk_completion_hooks_sweep_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_completion_hooks")),
        sa.UniqueConstraint("experiment_id", name=op.f("uq_completion_hooks_experiment_id")),
        sa.UniqueConstraint("sweep_id", name=op.f("uq_completion_hooks_sweep_id")),
    )
    with op.batch_alter_table("completion_hooks", schema=None) as batch_op:
        batch_op.create_index("ix_completion_hooks_due", ["state", "due"], unique=False)

    op.create_table(
        "experiment_datasets",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("dataset_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.id"], name=op.f("fk_experiment_datasets_dataset_id")
        ),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_experiment_datasets_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("experiment_id", "dataset_id", name=op.f("pk_experiment_datasets")),
    )
    with op.batch_alter_table("experiment_datasets", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_experiment_datasets_dataset_id"), ["dataset_id"], unique=False
        )

    op.create_table(
        "medians_curl_descent_phase_diagram",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("hidden_robust_below", sa.Double(), nullable=True),
        sa.Column("hidden_fragile_above", sa.Double(), nullable=True),
        sa.Column("joint_stable_share", sa.Double(), nullable=True),
        sa.Column("simulated_agreement", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_medians_curl_descent_phase_diagram_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", "arm", name=op.f("pk_medians_curl_descent_phase_diagram")
        ),
    )
    op.create_table(
        "medians_curl_descent_simulation",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("final_train_error", sa.Double(), nullable=True),
        sa.Column("final_test_error", sa.Double(), nullable=True),
        sa.Column("min_train_error", sa.Double(), nullable=True),
        sa.Column("min_test_error", sa.Double(), nullable=True),
        sa.Column("max_train_error", sa.Double(), nullable=True),
        sa.Column("max_test_error", sa.Double(), nullable=True),
        sa.Column("epochs_to_threshold", sa.Double(), nullable=True),
        sa.Column("loss_ascent", sa.Double(), nullable=True),
        sa.Column("order_parameter_q", sa.Double(), nullable=True),
        sa.Column("converged", sa.Double(), nullable=True),
        sa.Column("diverged", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_medians_curl_descent_simulation_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", "arm", name=op.f("pk_medians_curl_descent_simulation")
        ),
    )
    op.create_table(
        "medians_curl_descent_stability",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("left_edge", sa.Double(), nullable=True),
        sa.Column("right_edge", sa.Double(), nullable=True),
        sa.Column("stable", sa.Double(), nullable=True),
        sa.Column("margin", sa.Double(), nullable=True),
        sa.Column("atom_mass", sa.Double(), nullable=True),
        sa.Column("probability_stable", sa.Double(), nullable=True),
        sa.Column("empirical_left_edge", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_medians_curl_descent_stability_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", "arm", name=op.f("pk_medians_curl_descent_stability")
        ),
    )
    op.create_table(
        "medians_curl_descent_toy",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("convergence_time", sa.Double(), nullable=True),
        sa.Column("fraction_converged", sa.Double(), nullable=True),
        sa.Column("fraction_faster", sa.Double(), nullable=True),
        sa.Column("max_loss_ascent", sa.Double(), nullable=True),
        sa.Column("starts_converged", sa.Double(), nullable=True),
        sa.Column("starts_never", sa.Double(), nullable=True),
        sa.Column("starts_marginal", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_medians_curl_descent_toy_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("experiment_id", "arm", name=op.f("pk_medians_curl_descent_toy")),
    )
    op.create_table(
        "medians_dimensionality_participation_ratio",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("participation_ratio", sa.Double(), nullable=True),
        sa.Column("participation_ratio_naive", sa.Double(), nullable=True),
        sa.Column("log_se", sa.Double(), nullable=True),
        sa.Column("ci_low", sa.Double(), nullable=True),
        sa.Column("ci_high", sa.Double(), nullable=True),
        sa.Column("total_covariance_participation_ratio", sa.Double(), nullable=True),
        sa.Column("trials", sa.Double(), nullable=True),
        sa.Column("neurons", sa.Double(), nullable=True),
        sa.Column("log_ratio", sa.Double(), nullable=True),
        sa.Column("p_value", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_medians_dimensionality_participation_ratio_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", "arm", name=op.f("pk_medians_dimensionality_participation_ratio")
        ),
    )
    op.create_table(
        "medians_plasticity_curl",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("curl_fraction", sa.Double(), nullable=True),
        sa.Column("inhibitory_fraction", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_medians_plasticity_curl_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("experiment_id", "arm", name=op.f("pk_medians_plasticity_curl")),
    )
    op.create_table(
        "parameters_curl_descent_phase_diagram",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("compression_ratio_to", sa.Double(), nullable=True),
        sa.Column("compression_ratio_points", sa.BigInteger(), nullable=True),
        sa.Column("kappa", sa.Double(), nullable=True),
        sa.Column("joint_compression_ratio", sa.Double(), nullable=True),
        sa.Column("joint_points", sa.BigInteger(), nullable=True),
        sa.Column("simulated_ratios", sa.BigInteger(), nullable=True),
        sa.Column("simulated_fractions", sa.BigInteger(), nullable=True),
        sa.Column("simulated_neurons", sa.BigInteger(), nullable=True),
        sa.Column("simulated_draws", sa.BigInteger(), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("compression_ratio_from", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_parameters_curl_descent_phase_diagram_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", name=op.f("pk_parameters_curl_descent_phase_diagram")
        ),
    )
    op.create_table(
        "parameters_curl_descent_simulation",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("inputs", sa.BigInteger(), nullable=True),
        sa.Column("hidden", sa.BigInteger(), nullable=True),
        sa.Column("outputs", sa.BigInteger(), nullable=True),
        sa.Column("activation", sa.String(length=200), nullable=True),
        sa.Column("readout_activation", sa.String(length=200), nullable=True),
        sa.Column("output_error", sa.String(length=200), nullable=True),
        sa.Column("flips_hidden_fraction", sa.Double(), nullable=True),
        sa.Column("flips_hidden_count", sa.BigInteger(), nullable=True),
        sa.Column("flips_readout_fraction", sa.Double(), nullable=True),
        sa.Column("flips_readout_count", sa.BigInteger(), nullable=True),
        sa.Column("flips_site", sa.String(length=200), nullable=True),
        sa.Column("teacher_distribution", sa.String(length=200), nullable=True),
        sa.Column("teacher_scale", sa.Double(), nullable=True),
        sa.Column("teacher_norms_w2", sa.Double(), nullable=True),
        sa.Column("student_distribution", sa.String(length=200), nullable=True),
        sa.Column("student_scale", sa.Double(), nullable=True),
        sa.Column("student_start", sa.String(length=200), nullable=True),
        sa.Column("student_perturbation", sa.Double(), nullable=True),
        sa.Column("student_perturbation_layer", sa.String(length=200), nullable=True),
        sa.Column("train_size", sa.BigInteger(), nullable=True),
        sa.Column("data_test_size", sa.BigInteger(), nullable=True),
        sa.Column("data_input_std", sa.Double(), nullable=True),
        sa.Column("data_online", sa.Boolean(), nullable=True),
        sa.Column("epochs", sa.BigInteger(), nullable=True),
        sa.Column("learning_rate", sa.Double(), nullable=True),
        sa.Column("training_learning_rate_scaling", sa.String(length=200), nullable=True),
        sa.Column("training_norm_constraint", sa.String(length=200), nullable=True),
        sa.Column("record_points", sa.BigInteger(), nullable=True),
        sa.Column("record_threshold", sa.Double(), nullable=True),
        sa.Column("record_order_parameter_window", sa.BigInteger(), nullable=True),
        sa.Column("record_exact_extrema", sa.Boolean(), nullable=True),
        sa.Column("feedback_scale", sa.Double(), nullable=True),
        sa.Column("replicates", sa.BigInteger(), nullable=True),
        sa.Column("replicate_offset", sa.BigInteger(), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("precision", sa.String(length=200), nullable=True),
        sa.Column("compression_ratio", sa.Double(), nullable=True),
        sa.Column("hidden_fraction", sa.Double(), nullable=True),
        sa.Column("readout_fraction", sa.Double(), nullable=True),
        sa.Column("batch_size", sa.BigInteger(), nullable=True),
        sa.Column("teacher_hidden", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_parameters_curl_descent_simulation_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", name=op.f("pk_parameters_curl_descent_simulation")
        ),
    )
    op.create_table(
        "parameters_curl_descent_stability",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("compression_ratio", sa.Double(), nullable=True),
        sa.Column("hidden_fraction", sa.Double(), nullable=True),
        sa.Column("readout_fraction", sa.Double(), nullable=True),
        sa.Column("kappa", sa.Double(), nullable=True),
        sa.Column("site", sa.String(length=200), nullable=True),
        sa.Column("outputs", sa.BigInteger(), nullable=True),
        sa.Column("input_covariance_exponent", sa.Double(), nullable=True),
        sa.Column("empirical_inputs", sa.BigInteger(), nullable=True),
        sa.Column("empirical_draws", sa.BigInteger(), nullable=True),
        sa.Column("empirical_hidden_count", sa.BigInteger(), nullable=True),
        sa.Column("empirical_readout_count", sa.BigInteger(), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_parameters_curl_descent_stability_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("experiment_id", name=op.f("pk_parameters_curl_descent_stability")),
    )
    op.create_table(
        "parameters_curl_descent_toy",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("flipped", sa.String(length=200), nullable=True),
        sa.Column("starts_random", sa.BigInteger(), nullable=True),
        sa.Column("starts_radius", sa.Double(), nullable=True),
        sa.Column("duration", sa.Double(), nullable=True),
        sa.Column("points", sa.BigInteger(), nullable=True),
        sa.Column("input_variance", sa.Double(), nullable=True),
        sa.Column("tolerance", sa.Double(), nullable=True),
        sa.Column("extent", sa.Double(), nullable=True),
        sa.Column("grid_points", sa.BigInteger(), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_parameters_curl_descent_toy_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("experiment_id", name=op.f("pk_parameters_curl_descent_toy")),
    )
    op.create_table(
        "parameters_dimensionality_participation_ratio",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("dataset", sa.String(length=200), nullable=True),
        sa.Column("transform", sa.String(length=200), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("block_factor", sa.String(length=200), nullable=True),
        sa.Column("permutations", sa.BigInteger(), nullable=True),
        sa.Column("neuron_correction", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_parameters_dimensionality_participation_ratio_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", name=op.f("pk_parameters_dimensionality_participation_ratio")
        ),
    )
    op.create_table(
        "parameters_plasticity_curl",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("neurons", sa.BigInteger(), nullable=True),
        sa.Column("inhibitory_fractions_to", sa.Double(), nullable=True),
        sa.Column("inhibitory_fractions_points", sa.BigInteger(), nullable=True),
        sa.Column("correlation_type", sa.String(length=200), nullable=True),
        sa.Column("correlation_coefficient", sa.Double(), nullable=True),
        sa.Column("correlation_log_sd", sa.Double(), nullable=True),
        sa.Column("network_inputs", sa.BigInteger(), nullable=True),
        sa.Column("network_hidden", sa.BigInteger(), nullable=True),
        sa.Column("network_outputs", sa.BigInteger(), nullable=True),
        sa.Column("activation", sa.String(length=200), nullable=True),
        sa.Column("network_readout_activation", sa.String(length=200), nullable=True),
        sa.Column("network_output_error", sa.String(length=200), nullable=True),
        sa.Column("network_flips_hidden_fraction", sa.Double(), nullable=True),
        sa.Column("network_flips_hidden_count", sa.BigInteger(), nullable=True),
        sa.Column("network_flips_readout_fraction", sa.Double(), nullable=True),
        sa.Column("network_flips_readout_count", sa.BigInteger(), nullable=True),
        sa.Column("network_flips_site", sa.String(length=200), nullable=True),
        sa.Column("network_teacher_hidden", sa.BigInteger(), nullable=True),
        sa.Column("network_teacher_distribution", sa.String(length=200), nullable=True),
        sa.Column("network_teacher_scale", sa.Double(), nullable=True),
        sa.Column("network_teacher_norms_w2", sa.Double(), nullable=True),
        sa.Column("network_student_distribution", sa.String(length=200), nullable=True),
        sa.Column("network_student_scale", sa.Double(), nullable=True),
        sa.Column("network_student_start", sa.String(length=200), nullable=True),
        sa.Column("network_student_perturbation", sa.Double(), nullable=True),
        sa.Column("network_student_perturbation_layer", sa.String(length=200), nullable=True),
        sa.Column("train_size", sa.BigInteger(), nullable=True),
        sa.Column("network_input_std", sa.Double(), nullable=True),
        sa.Column("network_feedback_scale", sa.Double(), nullable=True),
        sa.Column("replicates", sa.BigInteger(), nullable=True),
        sa.Column("replicate_offset", sa.BigInteger(), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("inhibitory_fractions_from", sa.Double(), nullable=True),
        sa.Column("compression_ratio", sa.Double(), nullable=True),
        sa.Column("hidden_fraction", sa.Double(), nullable=True),
        sa.Column("readout_fraction", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_parameters_plasticity_curl_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("experiment_id", name=op.f("pk_parameters_plasticity_curl")),
    )
    op.create_table(
        "results_curl_descent_phase_diagram",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("replicate", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sweep_id", sa.String(length=36), nullable=True),
        sa.Column("compression_ratio_to", sa.Double(), nullable=True),
        sa.Column("compression_ratio_points", sa.BigInteger(), nullable=True),
        sa.Column("kappa", sa.Double(), nullable=True),
        sa.Column("joint_compression_ratio", sa.Double(), nullable=True),
        sa.Column("joint_points", sa.BigInteger(), nullable=True),
        sa.Column("simulated_ratios", sa.BigInteger(), nullable=True),
        sa.Column("simulated_fractions", sa.BigInteger(), nullable=True),
        sa.Column("simulated_neurons", sa.BigInteger(), nullable=True),
        sa.Column("simulated_draws", sa.BigInteger(), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("compression_ratio_from", sa.Double(), nullable=True),
        sa.Column("hidden_robust_below", sa.Double(), nullable=True),
        sa.Column("hidden_fragile_above", sa.Double(), nullable=True),
        sa.Column("joint_stable_share", sa.Double(), nullable=True),
        sa.Column("simulated_agreement", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_results_curl_descent_phase_diagram_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", "arm", "replicate", name=op.f("pk_results_curl_descent_phase_diagram")
        ),
    )
    with op.batch_alter_table("results_curl_descent_phase_diagram", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_results_curl_descent_phase_diagram_sweep_id"), ["sweep_id"], unique=False
        )

    op.create_table(
        "results_curl_descent_simulation",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("replicate", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sweep_id", sa.String(length=36), nullable=True),
        sa.Column("inputs", sa.BigInteger(), nullable=True),
        sa.Column("hidden", sa.BigInteger(), nullable=True),
        sa.Column("outputs", sa.BigInteger(), nullable=True),
        sa.Column("activation", sa.String(length=200), nullable=True),
        sa.Column("readout_activation", sa.String(length=200), nullable=True),
        sa.Column("output_error", sa.String(length=200), nullable=True),
        sa.Column("flips_hidden_fraction", sa.Double(), nullable=True),
        sa.Column("flips_hidden_count", sa.BigInteger(), nullable=True),
        sa.Column("flips_readout_fraction", sa.Double(), nullable=True),
        sa.Column("flips_readout_count", sa.BigInteger(), nullable=True),
        sa.Column("flips_site", sa.String(length=200), nullable=True),
        sa.Column("teacher_distribution", sa.String(length=200), nullable=True),
        sa.Column("teacher_scale", sa.Double(), nullable=True),
        sa.Column("teacher_norms_w2", sa.Double(), nullable=True),
        sa.Column("student_distribution", sa.String(length=200), nullable=True),
        sa.Column("student_scale", sa.Double(), nullable=True),
        sa.Column("student_start", sa.String(length=200), nullable=True),
        sa.Column("student_perturbation", sa.Double(), nullable=True),
        sa.Column("student_perturbation_layer", sa.String(length=200), nullable=True),
        sa.Column("train_size", sa.BigInteger(), nullable=True),
        sa.Column("data_test_size", sa.BigInteger(), nullable=True),
        sa.Column("data_input_std", sa.Double(), nullable=True),
        sa.Column("data_online", sa.Boolean(), nullable=True),
        sa.Column("epochs", sa.BigInteger(), nullable=True),
        sa.Column("learning_rate", sa.Double(), nullable=True),
        sa.Column("training_learning_rate_scaling", sa.String(length=200), nullable=True),
        sa.Column("training_norm_constraint", sa.String(length=200), nullable=True),
        sa.Column("record_points", sa.BigInteger(), nullable=True),
        sa.Column("record_threshold", sa.Double(), nullable=True),
        sa.Column("record_order_parameter_window", sa.BigInteger(), nullable=True),
        sa.Column("record_exact_extrema", sa.Boolean(), nullable=True),
        sa.Column("feedback_scale", sa.Double(), nullable=True),
        sa.Column("replicates", sa.BigInteger(), nullable=True),
        sa.Column("replicate_offset", sa.BigInteger(), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("precision", sa.String(length=200), nullable=True),
        sa.Column("compression_ratio", sa.Double(), nullable=True),
        sa.Column("hidden_fraction", sa.Double(), nullable=True),
        sa.Column("readout_fraction", sa.Double(), nullable=True),
        sa.Column("batch_size", sa.BigInteger(), nullable=True),
        sa.Column("teacher_hidden", sa.BigInteger(), nullable=True),
        sa.Column("final_train_error", sa.Double(), nullable=True),
        sa.Column("final_test_error", sa.Double(), nullable=True),
        sa.Column("min_train_error", sa.Double(), nullable=True),
        sa.Column("min_test_error", sa.Double(), nullable=True),
        sa.Column("max_train_error", sa.Double(), nullable=True),
        sa.Column("max_test_error", sa.Double(), nullable=True),
        sa.Column("epochs_to_threshold", sa.BigInteger(), nullable=True),
        sa.Column("loss_ascent", sa.Double(), nullable=True),
        sa.Column("order_parameter_q", sa.Double(), nullable=True),
        sa.Column("converged", sa.Boolean(), nullable=True),
        sa.Column("diverged", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_results_curl_descent_simulation_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", "arm", "replicate", name=op.f("pk_results_curl_descent_simulation")
        ),
    )
    with op.batch_alter_table("results_curl_descent_simulation", schema=None) as batch_op:
        batch_op.create_index(
            "ix_results_curl_descent_simulation_0",
            ["compression_ratio", "final_test_error", "readout_fraction"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_results_curl_descent_simulation_sweep_id"), ["sweep_id"], unique=False
        )

    op.create_table(
        "results_curl_descent_stability",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("replicate", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sweep_id", sa.String(length=36), nullable=True),
        sa.Column("compression_ratio", sa.Double(), nullable=True),
        sa.Column("hidden_fraction", sa.Double(), nullable=True),
        sa.Column("readout_fraction", sa.Double(), nullable=True),
        sa.Column("kappa", sa.Double(), nullable=True),
        sa.Column("site", sa.String(length=200), nullable=True),
        sa.Column("outputs", sa.BigInteger(), nullable=True),
        sa.Column("input_covariance_exponent", sa.Double(), nullable=True),
        sa.Column("empirical_inputs", sa.BigInteger(), nullable=True),
        sa.Column("empirical_draws", sa.BigInteger(), nullable=True),
        sa.Column("empirical_hidden_count", sa.BigInteger(), nullable=True),
        sa.Column("empirical_readout_count", sa.BigInteger(), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("left_edge", sa.Double(), nullable=True),
        sa.Column("right_edge", sa.Double(), nullable=True),
        sa.Column("stable", sa.Boolean(), nullable=True),
        sa.Column("margin", sa.Double(), nullable=True),
        sa.Column("atom_mass", sa.Double(), nullable=True),
        sa.Column("probability_stable", sa.Double(), nullable=True),
        sa.Column("empirical_left_edge", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_results_curl_descent_stability_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", "arm", "replicate", name=op.f("pk_results_curl_descent_stability")
        ),
    )
    with op.batch_alter_table("results_curl_descent_stability", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_results_curl_descent_stability_sweep_id"), ["sweep_id"], unique=False
        )

    op.create_table(
        "results_curl_descent_toy",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("replicate", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sweep_id", sa.String(length=36), nullable=True),
        sa.Column("flipped", sa.String(length=200), nullable=True),
        sa.Column("starts_random", sa.BigInteger(), nullable=True),
        sa.Column("starts_radius", sa.Double(), nullable=True),
        sa.Column("duration", sa.Double(), nullable=True),
        sa.Column("points", sa.BigInteger(), nullable=True),
        sa.Column("input_variance", sa.Double(), nullable=True),
        sa.Column("tolerance", sa.Double(), nullable=True),
        sa.Column("extent", sa.Double(), nullable=True),
        sa.Column("grid_points", sa.BigInteger(), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("convergence_time", sa.Double(), nullable=True),
        sa.Column("fraction_converged", sa.Double(), nullable=True),
        sa.Column("fraction_faster", sa.Double(), nullable=True),
        sa.Column("max_loss_ascent", sa.Double(), nullable=True),
        sa.Column("starts_converged", sa.BigInteger(), nullable=True),
        sa.Column("starts_never", sa.BigInteger(), nullable=True),
        sa.Column("starts_marginal", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_results_curl_descent_toy_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", "arm", "replicate", name=op.f("pk_results_curl_descent_toy")
        ),
    )
    with op.batch_alter_table("results_curl_descent_toy", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_results_curl_descent_toy_sweep_id"), ["sweep_id"], unique=False
        )

    op.create_table(
        "results_dimensionality_participation_ratio",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("replicate", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sweep_id", sa.String(length=36), nullable=True),
        sa.Column("dataset", sa.String(length=200), nullable=True),
        sa.Column("transform", sa.String(length=200), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("block_factor", sa.String(length=200), nullable=True),
        sa.Column("permutations", sa.BigInteger(), nullable=True),
        sa.Column("neuron_correction", sa.Boolean(), nullable=True),
        sa.Column("participation_ratio", sa.Double(), nullable=True),
        sa.Column("participation_ratio_naive", sa.Double(), nullable=True),
        sa.Column("log_se", sa.Double(), nullable=True),
        sa.Column("ci_low", sa.Double(), nullable=True),
        sa.Column("ci_high", sa.Double(), nullable=True),
        sa.Column("total_covariance_participation_ratio", sa.Double(), nullable=True),
        sa.Column("trials", sa.BigInteger(), nullable=True),
        sa.Column("neurons", sa.BigInteger(), nullable=True),
        sa.Column("log_ratio", sa.Double(), nullable=True),
        sa.Column("p_value", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_results_dimensionality_participation_ratio_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id",
            "arm",
            "replicate",
            name=op.f("pk_results_dimensionality_participation_ratio"),
        ),
    )
    with op.batch_alter_table(
        "results_dimensionality_participation_ratio", schema=None
    ) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_results_dimensionality_participation_ratio_sweep_id"),
            ["sweep_id"],
            unique=False,
        )

    op.create_table(
        "results_plasticity_curl",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("arm", sa.String(length=100), nullable=False),
        sa.Column("replicate", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sweep_id", sa.String(length=36), nullable=True),
        sa.Column("neurons", sa.BigInteger(), nullable=True),
        sa.Column("inhibitory_fractions_to", sa.Double(), nullable=True),
        sa.Column("inhibitory_fractions_points", sa.BigInteger(), nullable=True),
        sa.Column("correlation_type", sa.String(length=200), nullable=True),
        sa.Column("correlation_coefficient", sa.Double(), nullable=True),
        sa.Column("correlation_log_sd", sa.Double(), nullable=True),
        sa.Column("network_inputs", sa.BigInteger(), nullable=True),
        sa.Column("network_hidden", sa.BigInteger(), nullable=True),
        sa.Column("network_outputs", sa.BigInteger(), nullable=True),
        sa.Column("activation", sa.String(length=200), nullable=True),
        sa.Column("network_readout_activation", sa.String(length=200), nullable=True),
        sa.Column("network_output_error", sa.String(length=200), nullable=True),
        sa.Column("network_flips_hidden_fraction", sa.Double(), nullable=True),
        sa.Column("network_flips_hidden_count", sa.BigInteger(), nullable=True),
        sa.Column("network_flips_readout_fraction", sa.Double(), nullable=True),
        sa.Column("network_flips_readout_count", sa.BigInteger(), nullable=True),
        sa.Column("network_flips_site", sa.String(length=200), nullable=True),
        sa.Column("network_teacher_hidden", sa.BigInteger(), nullable=True),
        sa.Column("network_teacher_distribution", sa.String(length=200), nullable=True),
        sa.Column("network_teacher_scale", sa.Double(), nullable=True),
        sa.Column("network_teacher_norms_w2", sa.Double(), nullable=True),
        sa.Column("network_student_distribution", sa.String(length=200), nullable=True),
        sa.Column("network_student_scale", sa.Double(), nullable=True),
        sa.Column("network_student_start", sa.String(length=200), nullable=True),
        sa.Column("network_student_perturbation", sa.Double(), nullable=True),
        sa.Column("network_student_perturbation_layer", sa.String(length=200), nullable=True),
        sa.Column("train_size", sa.BigInteger(), nullable=True),
        sa.Column("network_input_std", sa.Double(), nullable=True),
        sa.Column("network_feedback_scale", sa.Double(), nullable=True),
        sa.Column("replicates", sa.BigInteger(), nullable=True),
        sa.Column("replicate_offset", sa.BigInteger(), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("inhibitory_fractions_from", sa.Double(), nullable=True),
        sa.Column("compression_ratio", sa.Double(), nullable=True),
        sa.Column("hidden_fraction", sa.Double(), nullable=True),
        sa.Column("readout_fraction", sa.Double(), nullable=True),
        sa.Column("curl_fraction", sa.Double(), nullable=True),
        sa.Column("inhibitory_fraction", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_results_plasticity_curl_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "experiment_id", "arm", "replicate", name=op.f("pk_results_plasticity_curl")
        ),
    )
    with op.batch_alter_table("results_plasticity_curl", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_results_plasticity_curl_sweep_id"), ["sweep_id"], unique=False
        )

    op.create_table(
        "tags",
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("value", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_tags_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("experiment_id", "key", name=op.f("pk_tags")),
    )
    with op.batch_alter_table("tags", schema=None) as batch_op:
        batch_op.create_index("ix_tags_key_value", ["key", "value"], unique=False)


def downgrade() -> None:
    """Go back to the version before."""
    with op.batch_alter_table("tags", schema=None) as batch_op:
        batch_op.drop_index("ix_tags_key_value")

    op.drop_table("tags")
    with op.batch_alter_table("results_plasticity_curl", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_results_plasticity_curl_sweep_id"))

    op.drop_table("results_plasticity_curl")
    with op.batch_alter_table(
        "results_dimensionality_participation_ratio", schema=None
    ) as batch_op:
        batch_op.drop_index(batch_op.f("ix_results_dimensionality_participation_ratio_sweep_id"))

    op.drop_table("results_dimensionality_participation_ratio")
    with op.batch_alter_table("results_curl_descent_toy", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_results_curl_descent_toy_sweep_id"))

    op.drop_table("results_curl_descent_toy")
    with op.batch_alter_table("results_curl_descent_stability", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_results_curl_descent_stability_sweep_id"))

    op.drop_table("results_curl_descent_stability")
    with op.batch_alter_table("results_curl_descent_simulation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_results_curl_descent_simulation_sweep_id"))
        batch_op.drop_index("ix_results_curl_descent_simulation_0")

    op.drop_table("results_curl_descent_simulation")
    with op.batch_alter_table("results_curl_descent_phase_diagram", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_results_curl_descent_phase_diagram_sweep_id"))

    op.drop_table("results_curl_descent_phase_diagram")
    op.drop_table("parameters_plasticity_curl")
    op.drop_table("parameters_dimensionality_participation_ratio")
    op.drop_table("parameters_curl_descent_toy")
    op.drop_table("parameters_curl_descent_stability")
    op.drop_table("parameters_curl_descent_simulation")
    op.drop_table("parameters_curl_descent_phase_diagram")
    op.drop_table("medians_plasticity_curl")
    op.drop_table("medians_dimensionality_participation_ratio")
    op.drop_table("medians_curl_descent_toy")
    op.drop_table("medians_curl_descent_stability")
    op.drop_table("medians_curl_descent_simulation")
    op.drop_table("medians_curl_descent_phase_diagram")
    with op.batch_alter_table("experiment_datasets", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_experiment_datasets_dataset_id"))

    op.drop_table("experiment_datasets")
    with op.batch_alter_table("completion_hooks", schema=None) as batch_op:
        batch_op.drop_index("ix_completion_hooks_due")

    op.drop_table("completion_hooks")
    op.drop_table("arrays")
    with op.batch_alter_table("experiments", schema=None) as batch_op:
        batch_op.drop_index("ix_experiments_sweep")
        batch_op.drop_index("ix_experiments_status")
        batch_op.drop_index(batch_op.f("ix_experiments_spec_hash"))
        batch_op.drop_index(
            "ix_experiments_queue",
            sqlite_where=sa.text("status = 'queued'"),
            postgresql_where=sa.text("status = 'queued'"),
        )
        batch_op.drop_index(
            "ix_experiments_lease",
            sqlite_where=sa.text("status = 'running'"),
            postgresql_where=sa.text("status = 'running'"),
        )
        batch_op.drop_index("ix_experiments_disk")
        batch_op.drop_index("ix_experiments_created")

    op.drop_table("experiments")
    op.drop_table("sweeps")
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.drop_index("ix_datasets_created_at_id")
        batch_op.drop_index(batch_op.f("ix_datasets_blob_sha256"))

    op.drop_table("datasets")
