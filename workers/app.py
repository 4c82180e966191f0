"""The Celery application, each setting with its reason.

Celery only carries a doorbell: an experiment's id. Who may run it, how often, and what became of
it is decided by guarded updates in the database (`store.transitions`), so every setting here is
chosen to lose or repeat messages harmlessly and never to hold work hostage.
"""

from celery import Celery

from store.settings import Settings
from workers.broker import PATIENT_S, QUEUE, celery_url

DAYS = 24 * 3600
INTERVALS = ("interval_start", "interval_step", "interval_max")


def make_app(configured: Settings, *, answer_s: float | None = None) -> Celery:
    """A Celery application for one installation.

    `answer_s` bounds how long the broker may take to answer; a consumer waits without a bound.
    """
    # Whoever rings is waited for: by default kombu tries again for six seconds.
    hasty = {"socket_timeout": answer_s, "max_retries": 1, **dict.fromkeys(INTERVALS, 0)}
    app = Celery("solenoid", broker=celery_url(configured), include=["workers.tasks"])
    app.conf.update(
        task_default_queue=QUEUE,
        # Results live in the database, written in one transaction with the status.
        task_ignore_result=True,
        # A doorbell that was heard has done its work. Held until the task ends, the message would
        # be "restored" when the broker dies, which ends the consumer of a worker that still runs
        # (seen with kombu 5.7), and a poisonous task would be delivered without end.
        task_acks_late=False,
        # A slot that is busy must not hoard messages that an idle one could take.
        worker_prefetch_multiplier=1,
        worker_disable_prefetch=True,
        # Work goes on while the broker is away; its result does not need the broker.
        worker_cancel_long_running_tasks_on_connection_loss=False,
        # A message redelivered while its task still runs would only be noise: leases do this job.
        broker_transport_options={
            "visibility_timeout": 7 * DAYS,
            "socket_connect_timeout": answer_s or PATIENT_S,
            "health_check_interval": 10,
            **({} if answer_s is None else hasty),
        },
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        # BLAS and numba threads do not survive a fork. A fresh interpreter imports numpy and numba
        # before it reports; by default one that takes over 4 s is killed, and so is the next.
        worker_pool_start_method="spawn",
        worker_proc_alive_timeout=120.0,
        worker_send_task_events=False,
        task_serializer="json",
        accept_content=["json"],
    )
    return app
