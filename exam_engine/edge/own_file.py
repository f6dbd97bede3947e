"""The physician's registration file: its parts, drafts, handing in, and the choice of procedure."""

from typing import Final

from exam_engine.edge.http import PHYSICIAN, Call, Endpoints
from exam_engine.edge.registration_shapes import (
    AtVersion,
    ChooseProcedure,
    FileSaved,
    FileView,
    PhotoHints,
    ProcedureView,
    SaveFile,
)
from exam_engine.errors import Unavailable

DOCUMENT_BYTES_MAX: Final = 5 * 1024 * 1024

endpoints = Endpoints()


@endpoints.add("GET", "/api/application/{subject}", roles=PHYSICIAN, answer=FileView)
async def see_file(call: Call) -> FileView:
    """One part of the caller's file: profile, evaluation, exemption, deferral or change."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("PUT", "/api/application/{subject}", roles=PHYSICIAN, body=SaveFile, answer=FileSaved)
async def save_file(call: Call) -> FileSaved:
    """Save the draft as one types."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("POST", "/api/application/{subject}/submit", roles=PHYSICIAN, body=AtVersion, answer=FileView)
async def submit_file(call: Call) -> FileView:
    """【提交】: hand it in for review."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("POST", "/api/application/{subject}/withdraw", roles=PHYSICIAN, body=AtVersion, answer=FileView)
async def withdraw_file(call: Call) -> FileView:
    """Take it back, before a reviewer has opened it."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add(
    "POST",
    "/api/application/photo",
    roles=PHYSICIAN,
    body=bytes,
    answer=PhotoHints,
    media="image/*",
    bytes_max=DOCUMENT_BYTES_MAX,
)
async def upload_photo(call: Call) -> PhotoHints:
    """The photo of the profile, looked at by the face model; the exam's reference once the profile is enrolled."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("GET", "/api/procedure", roles=PHYSICIAN, answer=ProcedureView)
async def see_procedure(call: Call) -> ProcedureView:
    """选择考核程序: the conditions, and what speaks against each."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("PUT", "/api/procedure", roles=PHYSICIAN, body=SaveFile, answer=FileSaved)
async def save_procedure(call: Call) -> FileSaved:
    """Save the ticks and evidence as a draft."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("POST", "/api/procedure", roles=PHYSICIAN, body=ChooseProcedure, answer=ProcedureView)
async def choose_procedure(call: Call) -> ProcedureView:
    """【申请简易程序】 or 【不符合以上条件，执行一般程序】"""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("POST", "/api/procedure/change", roles=PHYSICIAN, body=AtVersion, answer=ProcedureView)
async def change_procedure(call: Call) -> ProcedureView:
    """Take the application for the simple procedure back, before the self-evaluation is handed in."""
    raise Unavailable("try_again", retry_after_s=5)
