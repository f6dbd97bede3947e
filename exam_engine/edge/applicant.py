"""The physician on his way to the exam: who he is, his assessment account, the notice, his home page."""

from exam_engine.edge.http import PHYSICIAN, Call, Endpoints
from exam_engine.edge.registration_shapes import (
    AgreeNotice,
    Bind,
    Certification,
    Certify,
    ChangePassword,
    Home,
    Notice,
    PastCycles,
    Places,
)
from exam_engine.errors import Unavailable

endpoints = Endpoints()


@endpoints.add("GET", "/api/home", roles=PHYSICIAN, answer=Home)
async def see_home(call: Call) -> Home:
    """定考个人首页: where the caller stands, and what he does next."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("GET", "/api/home/cycles", roles=PHYSICIAN, answer=PastCycles)
async def past_cycles(call: Call) -> PastCycles:
    """历次考核: the cycles before."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("GET", "/api/certification", roles=PHYSICIAN, answer=Certification)
async def see_certification(call: Call) -> Certification:
    """How the certification of this account stands."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("POST", "/api/certification", roles=PHYSICIAN, body=Certify, answer=Certification)
async def certify(call: Call) -> Certification:
    """医师认证: compare with the registration snapshot."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("GET", "/api/certification/places", roles=PHYSICIAN, answer=Places, query=("q",))
async def find_places(call: Call) -> Places:
    """Practice places by a part of their name."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("POST", "/api/binding", roles=PHYSICIAN, body=Bind, answer=Home)
async def bind(call: Call) -> Home:
    """定考账号绑定"""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("POST", "/api/binding/password", roles=PHYSICIAN, body=ChangePassword, answer=Home)
async def change_assessment_password(call: Call) -> Home:
    """Change the assessment account's password; the first time from the initial one."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("GET", "/api/notice", roles=PHYSICIAN, answer=Notice)
async def see_notice(call: Call) -> Notice:
    """《用户告知书》 in force for the caller."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("POST", "/api/notice", roles=PHYSICIAN, body=AgreeNotice, answer=Home)
async def agree_notice(call: Call) -> Home:
    """Agree to the notice, and separately to face capture or not."""
    raise Unavailable("try_again", retry_after_s=5)
