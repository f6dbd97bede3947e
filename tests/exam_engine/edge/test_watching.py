"""The physician, watched: consent, the entry check, captures and signals, and what follows from them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple

import msgspec
import pytest
import pytest_asyncio

from exam_engine.edge.watching import AGO_MS_MAX, SIGNALS_MAX as _  # noqa: F401
from exam_engine.entry_checks import FRAMES_MAX
from exam_engine.proctoring import SIGNALS_MAX
from exam_engine.sitting import IdentityCheck, Policy
from proctor import store
from proctor.sight import Face, Quality, Sight
from proctor.vision import VisionAway
from tests.candidate import Refusal, Staff, jpeg
from tests.exam_engine.edge.server import Server
from tests.exam_engine.edge.watched import (
    BESIDE,
    FACE,
    GOOD,
    NOW_MS,
    STRANGER,
    Eyes,
    Watched,
    evidence,
    incidents_of,
    notices_of,
    refused,
    seeing,
    settled,
    sight,
    thumb,
    watched,
    watched_policy,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
