"""A physician on the road to the exam as a program: through the public API, with the demonstration's people."""

import io
import json
from pathlib import Path
from typing import Any, Self

from PIL import Image

from exam_engine.demo_registration import PLACE, Walker, id_number
from exam_engine.registration.phone import INITIAL_PASSWORD, TERMS_VERSION
from tests.candidate import Person

APP_PASSWORD = "Dingkao-2026"
NEW_PASSWORD = "Kaohe-99-new"


def picture(shade: int = 90) -> bytes:
    """A JPEG large enough for a photo of a profile, different for every shade."""
    out = io.BytesIO()
    Image.new("RGB", (413, 531), (shade % 256, 140, 90)).save(out, "JPEG")
    return out.getvalue()


class Applicant(Person):
    """Somebody of the demonstration's registry, who signs up, binds and fills in his file."""

    def __init__(self, base_url: str, walker: Walker, phone: str, outbox: Path) -> None:
        super().__init__(base_url, phone, APP_PASSWORD)
        self.walker, self.phone, self.outbox = walker, phone, outbox
        self.number = id_number(walker.number)

    async def __aenter__(self) -> Self:
        return self  # signs up first

    async def put(self, path: str, body: object) -> Any:
        """The answer as plain data; raises Refusal."""
        async with self.http.put(self.base_url + path, json=body) as response:
            return await self._answer(response)

    def code(self) -> str:
        """The last code sent to this phone."""
        lines = [json.loads(line) for line in self.outbox.read_text().splitlines()]
        texts = [line["text"] for line in lines if line["phone"] == self.phone and "验证码" in line["text"]]
        return str(texts[-1].split()[1][:6])

    async def sign_up(self) -> None:
        """手机号码, 验证码, 密码 → 立即注册 → 立即登录."""
        await self.post("/api/sign-up/code", {"phone": self.phone, "purpose": "register"})
        asked = {"phone": self.phone, "code": self.code(), "password": APP_PASSWORD, "terms": TERMS_VERSION}
        await self.post("/api/sign-up", asked)
        await self.post("/api/session", {"login": self.phone, "password": APP_PASSWORD})

    def claim(self, **changed: str) -> dict[str, str]:
        """医师认证 as it is right."""
        return {
            "name": self.walker.name,
            "id_type": "id_card",
            "id_number": self.number,
            "practice_place": PLACE,
            "title": self.walker.title,
        } | changed

    def binding(self, **changed: str) -> dict[str, str]:
        """定考账号绑定 as it is right."""
        return {
            "province": "11",
            "id_number": self.number,
            "name": self.walker.name,
            "password": INITIAL_PASSWORD,
        } | changed

    async def arrive(self, *, face: bool = True) -> None:
        """From sign-up to 定考个人首页."""
        await self.sign_up()
        await self.post("/api/certification", self.claim())
        await self.post("/api/binding", self.binding())
        await self.post("/api/binding/password", {"old": INITIAL_PASSWORD, "new": NEW_PASSWORD})
        await self.agree(face=face)

    async def agree(self, *, face: bool = True) -> Any:
        """《用户告知书》, and the separate consent."""
        notice = await self.get("/api/notice")
        agreed = {name: notice[name] for name in ("notice_id", "digest", "face_version")}
        return await self.post("/api/notice", agreed | {"face": face})

    async def upload(self, shade: int = 90, title: str = "证明.jpg") -> int:
        """One piece of evidence."""
        return int((await self.post(f"/api/documents?title={title}", picture(shade)))["document_id"])

    async def photo(self, shade: int = 91) -> int:
        """The photo of the profile."""
        return int((await self.photo_answer(shade))["document"]["document_id"])

    async def photo_answer(self, shade: int = 91) -> Any:
        """The same, with what a face model says of it."""
        return await self.post("/api/application/photo", picture(shade))

    async def save(self, subject: str, values: dict[str, Any]) -> Any:
        """A draft; what it was before is kept where nothing new is said."""
        view = await self.get(f"/api/application/{subject}")
        body = {"version": view["version"], "values": view["values"] | values}
        return await self.put(f"/api/application/{subject}", body)

    async def hand_in(self, subject: str, values: dict[str, Any]) -> Any:
        """Save and 【提交】."""
        saved = await self.save(subject, values)
        return await self.post(f"/api/application/{subject}/submit", {"version": saved["version"]})

    async def profile(self, **changed: Any) -> dict[str, Any]:
        """A right profile."""
        day = self.walker.licensed_on.isoformat()
        year = self.walker.licensed_on.year
        return {
            "ethnicity": "01",
            "phone": self.phone,
            "photo": await self.photo(),
            "education": "bachelor",
            "degree": "bachelor",
            "school": "测试医科大学",
            "major": "临床医学",
            "graduated_on": "1985-07-01",
            "qualification_code": f"{year}11110{self.number}",
            "qualified_on": day,
            "licence_code": f"110110105{self.walker.number:06d}",
            "licensed_on": day,
            "level": "1",
            "category": "clinical",
            "specialty": "internal",
            "department": "内科",
            "title": self.walker.title,
            "exam_specialty": "internal",
            "working_since": "1985-08-01",
            "specialty_years": 20,
            "on_post": "in_post",
            "moved": False,
            "licence_scan": [await self.upload()],
        } | changed

    def evaluation(self, *, report: bool, **changed: Any) -> dict[str, Any]:
        """A right self-evaluation."""
        rated = ("workload", "quality", "mandated_tasks", "lawful", "honest", "attitude", "privacy")
        values: dict[str, Any] = dict.fromkeys(rated, "qualified")
        values |= {f"ethics_{year}": "good" for year in (2024, 2025, 2026)}
        values |= {"no_bad": True, "credits_reached": True, "disputes": False}
        return values | ({"report": "本人在考核周期内认真履行职责。" * 25} if report else {}) | changed

    async def codes(self) -> list[str]:
        """The codes of his messages, the newest first."""
        return [message["code"] for message in (await self.get("/api/inbox"))["messages"]]


class Reviewer(Person):
    """A member of staff who reviews."""

    async def queue(self, **wanted: str) -> list[Any]:
        """One page of his queue."""
        query = "&".join(f"{name}={value}" for name, value in ({"mine": "1"} | wanted).items())
        return list((await self.get(f"/api/desk/reviews?{query}"))["rows"])

    async def file_of(self, name: str, subject: str) -> Any:
        """The row of somebody's file, whoever's turn it is."""
        rows = (await self.get(f"/api/desk/reviews?q={name}&subject={subject}"))["rows"]
        assert len(rows) == 1, rows
        return rows[0]

    async def open(self, file_id: int) -> Any:
        """The file whole."""
        return await self.post(f"/api/desk/reviews/{file_id}/open")

    async def decide(self, name: str, subject: str, act: str = "approve", reason: str = "", **rating: Any) -> Any:
        """Open somebody's file and decide it."""
        row = await self.file_of(name, subject)
        detail = await self.open(row["file_id"])
        body: dict[str, Any] = {"version": detail["row"]["version"], "act": act, "reason": reason}
        if rating:
            body["rating"] = {"work": "qualified", "ethics": "qualified", "comment": "工作认真，同意"} | rating
        return await self.post(f"/api/desk/reviews/{row['file_id']}/decide", body)
