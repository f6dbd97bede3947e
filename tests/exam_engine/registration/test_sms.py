"""SMS written to a file: whole lines, for nobody else to read, never growing without end."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from exam_engine.registration import sms
from exam_engine.registration.sms import FileSms, SmsAway

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def gateway(folder: Path) -> FileSms:
    return FileSms(folder / "sms", lambda: NOW)


async def test_an_sms_is_a_line_that_only_the_owner_may_read(tmp_path: Path) -> None:
    await gateway(tmp_path).send("13800001234", "验证码 012345，\n5分钟内有效")
    path = tmp_path / "sms" / "outbox.jsonl"
    (line,) = path.read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {
        "at": "2026-11-23T02:00:00Z",
        "phone": "13800001234",
        "text": "验证码 012345，\n5分钟内有效",
    }
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


async def test_many_writers_at_once_leave_whole_lines(tmp_path: Path) -> None:
    gateways = [gateway(tmp_path) for _ in range(4)]
    texts = [f"{number}" * 200 for number in range(40)]
    await asyncio.gather(*(gateways[i % 4].send("13800001234", text) for i, text in enumerate(texts)))
    lines = (tmp_path / "sms" / "outbox.jsonl").read_text(encoding="utf-8").splitlines()
    assert sorted(json.loads(line)["text"] for line in lines) == sorted(texts)


async def test_a_full_file_makes_room_and_the_one_before_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sms, "ROTATE_BYTES", 400)
    for number in range(10):
        await gateway(tmp_path).send("13800001234", f"第{number}条" + "字" * 20)
    folder = tmp_path / "sms"
    kept = [json.loads(line)["text"][:3] for name in (sms.BEFORE, sms.OUTBOX) for line in _lines(folder / name)]
    assert kept[-1] == "第9条"
    assert kept == [f"第{number}条" for number in range(10 - len(kept), 10)]
    assert all((folder / name).stat().st_size <= 400 for name in (sms.BEFORE, sms.OUTBOX))
    assert (folder / sms.BEFORE).stat().st_mode & 0o777 == 0o600


async def test_a_disk_that_takes_nothing_is_a_gateway_that_is_away(tmp_path: Path) -> None:
    (tmp_path / "sms").write_text("a file where the folder should be")
    with pytest.raises(SmsAway):
        await gateway(tmp_path).send("13800001234", "x")


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()
