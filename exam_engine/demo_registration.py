"""The demonstration's road: windows that are open, a notice, a registry, and people who have not signed up yet.

Everybody is test data: names 测试…, birth years before 1920. Whoever walks the road signs up with any phone (the
code is shown), certifies as one of WALKERS and binds with the initial password.
"""

from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Final, NamedTuple

import asyncpg
import msgspec

from exam_engine import store
from exam_engine.registration.id_numbers import check_sign
from exam_engine.registration.policy import ExamOrder, ProvincePolicy, Window

NOTICE_TITLE: Final = "用户告知书"
NOTICE: Final = """一、本系统用于医师定期考核的报名、自评、测评和结果告知（本文为演示文本）。

二、请如实填写个人信息。身份证号、执业证书编码等须与医师电子化注册信息一致，否则无法完成考核。

三、您提交的材料由所在卫生机构审核、考核机构复核；退回的材料请在规定时间内修改后重新提交。

四、测评期间将随机抓拍头像。是否同意采集人脸信息由您单独决定；不同意的，可以申请非人脸方式（纸笔或现场）考试。

五、您的信息只用于本次考核，按规定的期限保存后删除。对审核和考核结果有异议的，可以申诉或申请复核。
"""
PLACE: Final = "测试医院"


class Walker(NamedTuple):
    """Somebody in the registry with an assessment account that nobody has bound yet."""

    name: str
    number: int
    licensed_on: date
    title: str


WALKERS: Final = (
    Walker("测试报名甲", 901, date(1990, 6, 1), "chief"),  # long in practice: the simple procedure
    Walker("测试报名乙", 902, date(2023, 3, 1), "resident"),  # the general procedure
    Walker("测试报名丙", 903, date(2015, 9, 1), "attending"),
    Walker("测试报名丁", 904, date(2008, 4, 1), "associate_chief"),
    Walker("测试报名戊", 905, date(2020, 7, 1), "resident"),
)
ADD_REGISTERED: Final = """
INSERT INTO reg.registry (id_number, name, sex, province, practice_place, title, level, category, specialty,
    qualification_code, qualified_on, licence_code, licensed_on)
VALUES ($1, $2, $3, $4, $5, $6, '1', 'clinical', 'internal', $7, $8, $9, $8)
"""
ADD_ASSESSMENT: Final = """
INSERT INTO reg.assessment_accounts (person_id, province, institution_id, name, id_number, id_reversed, department)
VALUES ($1, $2, $3, $4, $5, reverse($5), '内科')
"""
ASSIGN: Final = "INSERT INTO reg.assignments (institution_id, agency_id) VALUES ($1, $2)"
DECIDE: Final = "INSERT INTO reg.policies (cycle, province, body) VALUES ($1, $2, $3::json)"
PUBLISH: Final = """
INSERT INTO reg.notices (province, version, title, body, digest) VALUES ($1, 1, $2, $3, $4)
"""


async def seed(
    connection: "asyncpg.Connection[asyncpg.Record]",
    province: str,
    cycle: int,
    organisations: dict[str, int],
    now: datetime,
) -> None:
    """What the road needs, in the transaction that makes the demonstration."""
    await connection.execute(ASSIGN, organisations["institution"], organisations["agency"])
    await connection.execute(DECIDE, cycle, province, msgspec.json.encode(policy(now)).decode())
    digest = sha256(f"{NOTICE_TITLE}\n{NOTICE}".encode()).hexdigest()
    await connection.execute(PUBLISH, "00", NOTICE_TITLE, NOTICE, digest)
    for walker in WALKERS:
        number = id_number(walker.number)
        person_id = await connection.fetchval(store.ADD_PERSON, walker.name, number, organisations["institution"], True)
        await connection.execute(
            ADD_REGISTERED,
            number,
            walker.name,
            "male" if int(number[16]) % 2 else "female",
            province,
            PLACE,
            walker.title,
            f"{walker.licensed_on.year}{province}110{number}",
            walker.licensed_on,
            f"110{province}0105{walker.number:06d}",
        )
        await connection.execute(ADD_ASSESSMENT, person_id, province, organisations["institution"], walker.name, number)


def policy(now: datetime) -> ProvincePolicy:
    """Every window is open, so that the whole road can be walked in an afternoon."""
    window = Window(now - timedelta(minutes=1), now + timedelta(days=30))
    return ProvincePolicy(
        registration=window,
        evaluation=window,
        exemption=Window(window.opens_at, now + timedelta(days=9)),
        exam_order=ExamOrder.ANY,
        deferral=True,
        other_exemptions=["省级卫生健康行政部门规定的其他免考情形（演示）"],
    )


def id_number(index: int) -> str:
    """A test ID number: area 110105, born in 1901-1919, with the right check digit (GB 11643)."""
    year, month, day = 1901 + index % 19, 1 + index % 12, 1 + index % 28
    first = f"110105{year}{month:02d}{day:02d}{index % 1000:03d}"
    return first + check_sign(first)
