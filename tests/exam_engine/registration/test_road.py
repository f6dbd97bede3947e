"""The last step of the tracker: it follows the published result, and shows nothing of what is only decided."""

import pytest

from exam_engine.registration.road import ExamLine, ResultLine, Step, steps
from tests.exam_engine.registration.test_flags import application

SEAT = ExamLine("humanities", "first", "locked", None, None)


@pytest.mark.parametrize(
    ("result", "state", "status"),
    [
        (None, "todo", "pending"),
        (("pending", ""), "todo", "pending"),
        (("proposed", ""), "current", "pending"),
        (("qualified", ""), "current", "pending"),
        (("unqualified", ""), "current", "pending"),
        (("notified", "qualified"), "done", "qualified"),
        (("notified", "unqualified"), "failed", "unqualified"),
        (("recheck", "unqualified"), "failed", "unqualified"),
        (("upheld", "qualified"), "done", "qualified"),
        (("changed", "qualified"), "done", "qualified"),
        (("suspended", "unqualified"), "failed", "unqualified"),
        (("qualified_late", "unqualified"), "done", "qualified"),
        (("cancelled", "unqualified"), "failed", "unqualified"),
        (("excluded", ""), "skipped", "skipped"),
    ],
)
def test_the_step_follows_the_published_result(result: tuple[str, str] | None, state: str, status: str) -> None:
    found = steps(application(), [SEAT], ResultLine(*result) if result else None)

    assert found[-1] == Step("result", state, status)
