"""A physician on the road to the exam with a phone: signs up, certifies, binds, and fills in the forms of his file."""

import io
from collections.abc import Mapping
from typing import Final

from PIL import Image, ImageDraw
from playwright.async_api import FilePayload, Locator, Page, expect

from exam_engine.demo_registration import PLACE, Walker, id_number
from exam_engine.registration.phone import INITIAL_PASSWORD
from tests.applicant import APP_PASSWORD, NEW_PASSWORD
from tests.journey.phone import Phone

SCAN: Final = (840, 1188)  # pixels; the proportions of A4


class Registrant(Phone):
    """One of the demonstration's WALKERS, with a phone number of his own."""

    def __init__(self, page: Page, base_url: str, walker: Walker, mobile: str) -> None:
        super().__init__(page, base_url)
        self.walker, self.mobile = walker, mobile
        self.id_number = id_number(walker.number)

    async def see(self, path: str) -> None:
        """Open a page by its address."""
        await self.page.goto(self.base_url + path)

    async def speak_english(self) -> None:
        """Change the language, which stays so."""
        await self.tap("language")
        await expect(self.page.locator("html")).to_have_attribute("lang", "en")

    async def arrives(self, path: str) -> None:
        """Wait until a page has led to another."""
        await self.page.wait_for_url(self.base_url + path)

    async def write(self, **texts: str) -> None:
        """Type into inputs; `_` in a name stands for `-`."""
        for name, text in texts.items():
            await self.part(name.replace("_", "-")).fill(text)

    async def ask_code(self) -> None:
        """获取验证码: the demonstration shows what the message would say."""
        await self.write(phone=self.mobile)
        await self.tap("ask-code")
        await self.write(code=await self.part("shown-code").inner_text(), password=APP_PASSWORD)

    async def sign_in(self) -> None:
        """To the app's home, as one who has signed up."""
        await self.see("/login")
        await self.write(login=self.mobile, password=APP_PASSWORD)
        await self.tap("submit")
        await self.arrives("/")

    async def certify(self, title: str = "") -> None:
        """医师认证, the place taken from the list it offers."""
        await self.write(name=self.walker.name, id_number=self.id_number)
        await self.part("practice-place").press_sequentially(PLACE[:2])
        await self.page.get_by_role("option", name=PLACE, exact=True).tap()
        await expect(self.part("practice-place")).to_have_value(PLACE)
        await self.part("title").select_option(title or self.walker.title)
        await self.tap("certify")

    async def bind(self) -> None:
        """定考账号绑定 with the initial password."""
        await self.write(id_number=self.id_number, name=self.walker.name, initial_password=INITIAL_PASSWORD)
        await self.tap("bind")

    async def change_password(self) -> None:
        """The initial password is for binding only."""
        await self.write(old_password=INITIAL_PASSWORD, new_password=NEW_PASSWORD)
        await self.tap("change-password")

    # Forms of the file: fields by their code, `<rows>.<n>.<code>` in a row.

    def field(self, path: str) -> Locator:
        """The control of a field, or the group of its controls."""
        return self.part(f"field-{path}")

    async def fill_in(self, values: Mapping[str, str | bool]) -> None:
        """Fill in fields as their kinds ask: a bool ticks or says yes or no, a text is typed or chosen by its code."""
        for path, value in values.items():
            await self._fill_one(path, value)

    async def _fill_one(self, path: str, value: str | bool) -> None:
        control = self.field(path)
        await expect(control).to_be_visible()
        kind = await control.evaluate("node => node.type || node.getAttribute('role')")
        if kind == "checkbox":
            await control.set_checked(value is True)
        elif kind == "radiogroup":
            code = value if isinstance(value, str) else ("yes" if value else "no")
            await self.part(f"option-{path}-{code}").check()
        elif kind == "button":
            await control.tap()
            await self.part("sheet").get_by_test_id(f"choose-{value}").tap()
            await expect(self.part("sheet")).to_be_hidden()
        else:
            await control.fill(str(value))
            await control.blur()

    async def grade_every_year(self, grade: str) -> None:
        """医德考评, one grade for each year of the cycle."""
        years = self.page.locator('[data-test^="field-ethics_"]')
        await expect(years.first).to_be_visible()
        for index in range(await years.count()):
            await years.nth(index).locator(f'[data-test$="-{grade}"]').check()

    async def attach(self, path: str, *files: FilePayload) -> None:
        """Choose files for a field and wait until each is with the server."""
        there = self.field(path).locator('[data-test^="document-"]')
        before = await there.count()
        await self.part(f"upload-{path}").set_input_files(list(files))
        await expect(there).to_have_count(before + len(files))

    async def kept(self) -> None:
        """Wait until the sign says that the draft is with the server."""
        await expect(self.part("save-sign")).to_have_attribute("data-sign", "saved")

    async def submit(self) -> None:
        """【提交】, and yes to the question."""
        await self.tap("submit")
        await self.tap("confirm")
        await expect(self.part("state")).to_have_attribute("data-state", "org_review")

    async def fits(self) -> None:
        """Nothing may have to be scrolled sideways."""
        wide = await self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{self.page.url} is {wide} px too wide"


def profile(who: Registrant) -> dict[str, dict[str, str | bool]]:
    """What a physician types into the three parts of 个人信息, beside photo and scan; the rest is there already."""
    walker = who.walker
    return {
        "basic": {
            "ethnicity": "01",
            "phone": who.mobile,
            "education": "bachelor",
            "degree": "bachelor",
            "school": "测试医科大学",
            "major": "临床医学",
            "graduated_on": "1985-07-01",
        },
        "practice": {
            "qualification_code": f"{walker.licensed_on.year}11110{who.id_number}",
            "licence_code": f"110110105{walker.number:06d}",
            "department": "内科",
            "exam_specialty": "internal",
        },
        "personal": {
            "working_since": "1985-08-01",
            "specialty_years": "20",
            "on_post": "in_post",
            "moved": False,
        },
    }


RATED: Final = ("workload", "quality", "mandated_tasks")
ETHICS: Final = ("lawful", "honest", "attitude", "privacy")


def scan(title: str, shade: int) -> Image.Image:
    """A page as a scanner makes it: lines of ink on paper, different for every title and shade."""
    page = Image.new("RGB", SCAN, (250, 250 - shade % 20, 245))
    pen = ImageDraw.Draw(page)
    pen.rectangle((60, 60, SCAN[0] - 60, SCAN[1] - 60), outline=(150, 30, 30), width=6)
    pen.text((120, 140), f"TEST {title}", fill=(20, 20, 20), font_size=48)
    for line in range(12):
        pen.line((120, 300 + 60 * line, 420 + (shade * 37 + 53 * line) % 300, 300 + 60 * line), (60, 60, 60), 5)
    return page


def picture(title: str, shade: int) -> FilePayload:
    """A photographed certificate."""
    out = io.BytesIO()
    scan(title, shade).save(out, "JPEG", quality=85)
    return {"name": f"{title}.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def document(title: str, shade: int) -> FilePayload:
    """A scanned certificate of two pages."""
    out = io.BytesIO()
    scan(title, shade).save(out, "PDF", save_all=True, append_images=[scan(f"{title} 2", shade + 1)])
    return {"name": f"{title}.pdf", "mimeType": "application/pdf", "buffer": out.getvalue()}
