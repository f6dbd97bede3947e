"""People at desks: as busy as was asked for, on the top of the queue, the same for the same seed."""

import pytest

from loadtest.desk_persona import write_invigilator, write_reviewer
from loadtest.desk_steps import Decide, Extend, Look, OpenFile, TurnPage, Warn


def test_an_invigilator_acts_as_often_as_was_asked_for_and_mostly_on_the_first() -> None:
    scripts = [write_invigilator(desk, 5.0, 600.0, 1, boards=3, acts_per_minute=2) for desk in range(50)]
    acts = [act for script in scripts for act in script.acts]
    assert len(acts) / 50 == pytest.approx(20, rel=0.1)
    assert {(script.boards, script.begin_s, script.for_s) for script in scripts} == {(3, 5, 600)}
    assert {type(act) for act in acts} == {Warn, Extend, Look}
    assert sum(act.rank == 0 for act in acts) / len(acts) == pytest.approx(0.75, abs=0.05)
    for script in scripts:
        assert [act.at_s for act in script.acts] == sorted(act.at_s for act in script.acts)
        assert all(0 < act.at_s < 600 for act in script.acts)


def test_an_invigilator_may_only_watch() -> None:
    assert write_invigilator(1, 0.0, 60.0, 1, acts_per_minute=0).acts == []


def test_a_reviewer_opens_decides_and_turns_the_page_in_turn() -> None:
    script = write_reviewer(2, 0.0, 3600.0, 1, files_per_minute=2)
    assert [work.at_s for work in script.works] == sorted(work.at_s for work in script.works)
    assert isinstance(script.works[0], TurnPage)
    opened = False
    for work in script.works:
        match work:
            case OpenFile():
                assert not opened
                opened = True
            case Decide():
                assert opened
                opened = False
            case TurnPage():
                assert not opened
    decided = sum(isinstance(work, Decide) for work in script.works)
    assert decided == pytest.approx(120, rel=0.25)
    assert sum(isinstance(work, TurnPage) for work in script.works) == 1 + decided // 10


def test_the_same_seed_is_the_same_desk() -> None:
    assert write_reviewer(1, 0.0, 600.0, 4) == write_reviewer(1, 0.0, 600.0, 4) != write_reviewer(2, 0.0, 600.0, 4)
    assert write_invigilator(1, 0.0, 600.0, 4) == write_invigilator(1, 0.0, 600.0, 4)
    assert write_invigilator(1, 0.0, 600.0, 4) != write_invigilator(1, 0.0, 600.0, 5)
