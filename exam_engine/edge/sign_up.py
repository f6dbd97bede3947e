"""Signing up by phone, and a new password by phone (domain.md §3.1, §5 P1)."""

from exam_engine.edge.http import PUBLIC, Call, Endpoints
from exam_engine.edge.registration_shapes import AskCode, CodeSent, ResetPassword, SignUp
from exam_engine.edge.shapes import Done
from exam_engine.errors import Unavailable

endpoints = Endpoints()


@endpoints.add("POST", "/api/sign-up/code", roles=PUBLIC, body=AskCode, answer=CodeSent)
async def ask_code(call: Call) -> CodeSent:
    """Send a code to a phone, to sign up or for a new password."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("POST", "/api/sign-up", roles=PUBLIC, body=SignUp, answer=Done)
async def sign_up(call: Call) -> Done:
    """【立即注册】"""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("POST", "/api/sign-up/password", roles=PUBLIC, body=ResetPassword, answer=Done)
async def reset_password(call: Call) -> Done:
    """A new password for who holds the phone; every open session of it ends."""
    raise Unavailable("try_again", retry_after_s=5)
