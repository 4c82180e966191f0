"""What cannot be answered is refused with its place in the text and the way out."""

from dataclasses import replace

import pytest

from core.kinds import KINDS
from store.query import fields
from store.query.errors import LONGEST_TEXT, Mistake, QueryError
from store.query.parsing import DEEPEST, MOST_CONDITIONS, parsed_where
from store.query.plans import Question
from store.query.results import planned
from store.query.selection import Selection
from store.query.syntax import Condition, Name

CURL = "kind = 'curl_descent.simulation' and "
AT = len(CURL)


@pytest.mark.parametrize(
    ("where", "position", "fragment"),
    [
        ("", 0, "ends too early; expected a name"),
        ("arm", 3, "expected an operator"),
        ("arm =", 5, "expected a number or a text in quotes"),
        ("arm = curl", 6, "did not expect 'curl'"),
        ("arm = 'curl", 6, "has no end"),
        ("(arm = 'a'", 10, "expected )"),
        ("arm = 'a' arm = 'b'", 10, "did not expect 'arm'; expected and or or"),
        ("arm == 'a'", 5, "did not expect '='"),
        ("priority in ()", 13, "did not expect ')'"),
        ("priority not 3", 13, "expected in or between or like"),
        ("priority = 1; drop table experiments", 12, "did not expect ';'"),
        ("1 = 1", 0, "expected a name"),
        ("name = 'a\0b'", 9, "no text here can hold"),
        ("name = '\ud800'", 8, "no text here can hold"),
        ("priority = 9007199254740992", 11, "2^53 - 1"),
        ("priority = 1e999", 11, "too large"),
        ("priority = 'high'", 11, "priority is a whole number, but 'high' is a text"),
        ("arm = 3", 6, "arm is a text, but 3 is a number"),
        ("arm = null", 6, "write is null"),
        ("priority = true", 11, "true is a truth value"),
        ("priority like '1%'", 0, "like is for texts"),
        ("name like 'a\\'", 10, "the pattern ends in"),
        ("created_at > 'yesterday'", 13, "a time such as '2026-01-31'"),
        ("created_at > '0001-01-01T00:00+14:00'", 13, "a time such as"),
        ("status = 'done'", 9, "no status is named 'done'; there are queued"),
        ("kind = 'curl_descent.simulatoin'", 7, "did you mean curl_descent.simulation"),
        ("stats = 'queued'", 0, "did you mean status?"),
        ("param.compresion_ratio < 1", 0, "did you mean param.compression_ratio"),
        ("compression_ratio < 1", 0, "did you mean param.compression_ratio"),
        (CURL + "metric.log_se < 1", AT, ", not to curl_descent.simulation"),
        ("param.compression_ratio < 1 and metric.log_se < 1", 0, "no kind has every name"),
        (CURL + "metric.final_test_error < 'a'", AT + 26, "is a number, but 'a' is a text"),
        (CURL + "metric.converged = true", AT + 19, "a median over replicates, from 0 to 1"),
        (CURL + "param.data_online < true", AT, "compare it with = or !="),
    ],
)
def test_a_refused_filter_says_where_and_why(where: str, position: int, fragment: str) -> None:
    with pytest.raises(QueryError) as refused:
        Selection(where) if where else parsed_where(where)
    assert refused.value.part == "where"
    assert refused.value.position == position
    assert fragment in refused.value.message


@pytest.mark.parametrize(
    ("where", "fragment"),
    [
        ("not " * (DEEPEST + 1) + "arm = 'a'", f"the limit is {DEEPEST}"),
        ("not " * 2000 + "arm = 'a'", f"the limit is {DEEPEST}"),
        (" and ".join(["arm = 'a'"] * (MOST_CONDITIONS + 1)), f"the limit is {MOST_CONDITIONS}"),
        ("arm = '" + "a" * LONGEST_TEXT + "'", f"the limit is {LONGEST_TEXT}"),
    ],
)
def test_a_filter_that_is_too_much_names_the_limit(where: str, fragment: str) -> None:
    with pytest.raises(QueryError, match=fragment):
        Selection(where)


def test_a_name_of_several_kinds_but_not_of_all_asks_for_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, other = "curl_descent.simulation", "curl_descent.twin"
    kinds = {**KINDS, other: replace(KINDS[one], name=other)}
    monkeypatch.setattr(fields, "KINDS", kinds)
    name = Name("param.compression_ratio", 3)
    with pytest.raises(Mistake, match="is not the same in all kinds") as refused:
        fields.field_of(name, fields.reach("results", tuple(kinds), [name]))
    for kind in (one, other):
        assert f"kind = '{kind}'" in refused.value.message
    assert "participation_ratio" not in refused.value.message


def test_parentheses_may_be_as_deep_as_the_text_is_long() -> None:
    assert isinstance(parsed_where("(" * 4000 + "arm = 'a'" + ")" * 4000), Condition)


@pytest.mark.parametrize(
    ("question", "part", "fragment"),
    [
        (Question(select="arm,,"), "select", "expected a name"),
        (Question(select="arm, arm"), "select", "arm comes twice"),
        (Question(select="param.sed"), "select", "did you mean param.seed"),
        (Question(select="arm", group_by="arm"), "select", "the columns are the groups"),
        (Question(order_by="arm up"), "order_by", "did not expect 'up'"),
        (Question(order_by="count()"), "order_by", "only with group_by"),
        (Question(order_by="arm; --"), "order_by", "did not expect ';'"),
        (Question(group_by="arm", order_by="replicate"), "order_by", "no group and no aggregate"),
        (Question(group_by="arms"), "group_by", "did you mean arm"),
        (Question(aggregate="avg(replicate)"), "aggregate", "no aggregate is named avg"),
        (Question(aggregate="median()"), "aggregate", "median needs a name"),
        (Question(aggregate="mean(arm)"), "aggregate", "mean is not for arm"),
        (Question(aggregate="quantile(replicate)"), "aggregate", "a fraction from 0 to 1"),
        (Question(aggregate="quantile(replicate, 2)"), "aggregate", "a fraction from 0 to 1"),
        (Question(aggregate="mean(replicate, 2)"), "aggregate", "nothing else"),
        (Question(kind="curl"), "kind", "no kind is named 'curl'"),
    ],
)
def test_a_refused_question_names_its_part(question: Question, part: str, fragment: str) -> None:
    with pytest.raises(QueryError) as refused:
        planned(question)
    assert refused.value.part == part
    assert fragment in refused.value.message
