"""Keys and explanations never reach a candidate, nor a desk: every byte is kept and searched."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any, Final

import msgspec
import pytest
import pytest_asyncio

from exam_engine.app import ENDPOINTS
from exam_engine.demo import PASSWORD, PHYSICIANS
from exam_engine.edge.http import PHYSICIAN
from exam_engine.edge.shapes import (
    AttemptView,
    BatchOutcome,
    ClockView,
    CommandResult,
    EnteredAttempt,
    GivenAnswer,
    ItemView,
    NoticeView,
    OptionView,
    PaperList,
    PaperListEntry,
    PaperView,
    Portrait,
    ScoreView,
    SubmittedView,
    ToldEvent,
    Welcome,
)
from exam_engine.messages import Ack, Bye, Clock, Layout, Pong, Rejected, Told
from exam_engine.papers import read_paper
from exam_engine.sitting import Policy
from question_bank import store as bank
from question_bank.item import Item
from question_bank.paper import Paper
from tests.candidate import Candidate
from tests.exam_engine.edge.recorder import Recorder, recorded
from tests.exam_engine.edge.server import Server
