"""A filter on experiments, compiled: the tables it needs and the conditions on them.

A metric of an experiment is the median over the replicates of one arm. When a filter speaks of
`arm` or of a metric, an experiment is found if it has one arm for which the whole filter holds; so
`arm` and `metric` in one filter mean the same arm, and an experiment without arms yet is not found.
Parameters are known from the moment an experiment is accepted.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from store.kind_tables import medians, parameters
from store.query.compiling import Scope, compiled
from store.query.errors import blamed
from store.query.few import finds_few
from store.query.fields import Field, reach
from store.query.logic import kinds_in_question, names
from store.query.parts import parsed_conditions
from store.query.sources import typed_source
from store.query.syntax import Name
from store.tables import experiments

_ID = ("experiment_id",)


class Selection:
    """The experiments of a filter; `also` are names used beside it, to sort by."""

    def __init__(self, where: str | None, also: Sequence[Name] = ()) -> None:
        parts = parsed_conditions(where)
        spoken = [*(name for part in parts for name in names(part)), *also]
        reached = reach("experiments", kinds_in_question(parts), spoken)
        self._kinds = reached.kinds
        self._also = also
        self._best: list[tuple[sa.Subquery, bool]] = []
        self.scope = Scope(reached, experiments.c.id, self._column)
        with blamed("where", where):
            of_arms = [part for part in parts if "arm" in self._places(names(part))]
            others = [part for part in parts if part not in of_arms]
            self._conditions = [compiled(part, self.scope) for part in others]
            self._arm_conditions = [compiled(part, self.scope) for part in of_arms]
            self._arms_alone = all(self._places(names(part)) == {"arm"} for part in of_arms)
            self._speaks_of = self._places(name for part in parts for name in names(part))
        if reached.kinds != reached.open_to:
            self._conditions.append(experiments.c.kind.in_(reached.kinds))

    def query(self, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
        """The ids of the experiments, with columns that the names used beside the filter need."""
        query = self._whatever_its_arms(*columns)
        for best, has_every in self._best:
            its_own = best.c.experiment_id == experiments.c.id
            query = query.join(best, its_own, isouter=has_every)
        return query.where(*self._condition_on_arms())

    def passes_over_arms(self, connection: sa.Connection) -> bool:
        """Whether all arms had better be read once than those of each experiment looked up."""
        return self._arms_alone and not finds_few(connection, self._whatever_its_arms())

    def best(
        self,
        column: sa.ColumnElement[Any],
        *,
        largest: bool,
        in_one_pass: bool,
        bound: float | None = None,
    ) -> Any:
        """The smallest or largest value among the arms of an experiment that the filter found.

        Looked up for each experiment, or taken from all arms in one pass that `query` joins. With a
        bound `query` finds only the experiments whose best is as good as that.
        """
        chosen = sa.func.max(column) if largest else sa.func.min(column)
        if not in_one_pass:
            return self._of_its_arms(sa.select(chosen)).scalar_subquery()
        id = self._arms.c.experiment_id
        query = sa.select(id, chosen.label("best")).where(*self._arm_conditions).group_by(id)
        if bound is not None:
            query = query.where(column >= bound if largest else column <= bound)
        self._best.append((query.subquery(), bound is None and not self._arm_conditions))
        return self._best[-1][0].c.best

    def nth_best(
        self,
        connection: sa.Connection,
        column: sa.ColumnElement[Any],
        n: int,
        *,
        largest: bool,
        after: float | None,
    ) -> float | None:
        """The value of the n-th best arm that the filter found; None if there are fewer.

        after: count from the arms of this value on.
        """
        query = sa.select(column).where(column.is_not(None), *self._arm_conditions)
        if after is not None:
            query = query.where(column <= after if largest else column >= after)
        query = query.order_by(column.desc() if largest else column).offset(n - 1).limit(1)
        return connection.execute(query).scalar_one_or_none()

    def _whatever_its_arms(self, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
        """The query without its conditions on arms."""
        query = sa.select(experiments.c.id, *columns).select_from(experiments)
        if "parameter" in self._speaks_of | self._places(self._also):
            its_own = self._parameters.c.experiment_id == experiments.c.id
            query = query.join(self._parameters, its_own)
        return query.where(*self._conditions)

    @cached_property
    def _parameters(self) -> sa.FromClause:
        return typed_source(parameters, self._kinds, "experiments", "parameter", _ID)

    @cached_property
    def _arms(self) -> sa.FromClause:
        return typed_source(medians, self._kinds, "experiments", "arm", (*_ID, "arm"))

    def _column(self, field: Field) -> sa.ColumnElement[Any]:
        if field.place == "parameter":
            return self._parameters.c[field.column]
        return (self._arms if field.place == "arm" else experiments).c[field.column]

    def _places(self, found: Iterable[Name]) -> set[str]:
        return {self.scope.field(name).place for name in found}

    def _condition_on_arms(self) -> list[sa.ColumnElement[bool]]:
        if not self._arm_conditions or self._best:
            return []
        if self._arms_alone:
            # Asked once, from an index on the metric, rather than for every experiment.
            found = sa.select(self._arms.c.experiment_id).where(*self._arm_conditions)
            return [experiments.c.id.in_(found)]
        return [self._of_its_arms(sa.select(sa.literal(1))).exists()]

    def _of_its_arms(self, query: sa.Select[Any]) -> sa.Select[Any]:
        return (
            query.select_from(self._arms)
            .where(self._arms.c.experiment_id == experiments.c.id, *self._arm_conditions)
            .correlate(experiments, self._parameters)
        )
