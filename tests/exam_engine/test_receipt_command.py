"""`exam receipt` without a database: what a file holds, which keys, and one clear word and code for each verdict."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from typer.testing import CliRunner

from exam_engine.commands.receipt import EXITS, WORDS, app
from exam_engine.messages import Ending
from exam_engine.receipt_checks import Verdict
from exam_engine.receipts import Receipt, commitment, key_id_of, signed, write_text
from exam_engine.settings import CannotStart

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key()
PEM = PUBLIC.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
LISTED = json.dumps({"public_keys": [{"public_key": PUBLIC.public_bytes_raw().hex(), "key_id": "x"}]}).encode()
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()
OTHER_PEM = OTHER.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
MOMENT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SIGNED = signed(
    Receipt(
        key_id=key_id_of(PUBLIC.public_bytes_raw()),
        attempt_id=1_000_000_000_001,
        sitting_id=2,
        submitted_at=MOMENT,
        written_at=MOMENT,
        ending=Ending.TIME,
        version=9,
        item_count=50,
        answered=48,
        late=0,
        digest=bytes(32),
        commitment=commitment(bytes(16), {}),
    ),
    KEY,
)
TEXT = write_text(SIGNED)
FORGED = write_text(SIGNED[:60] + b"\xff" + SIGNED[61:])


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["verify", *map(str, arguments)])


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key.pem"
    path.write_bytes(PEM)
    return path


FORMS = {
    "the text": TEXT,
    "an address with it": f"https://exam.example/verify/receipt/NA4S-ZY3A-11ZE-BPPT#{TEXT}",
    "a file of the text": TEXT.encode() + b"\n",
    "a downloaded receipt": json.dumps({"text": TEXT, "salt": "00" * 16, "title": "测试"}).encode(),
    "a log without its journal": json.dumps({"receipt": {"text": TEXT}, "journal": None}).encode(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("published", [PEM, LISTED], ids=["PEM", "the published list"])
def test_a_receipt_is_good_in_every_form(form: str, published: bytes, tmp_path: Path) -> None:
    shown, keys = FORMS[form], tmp_path / "keys"
    keys.write_bytes(published)
    if isinstance(shown, bytes):
        (tmp_path / "shown").write_bytes(shown)
        shown = str(tmp_path / "shown")
    result = run(shown, "--public-key", keys, "--json")

    assert result.exit_code == 0
    said = json.loads(result.stdout)
    assert (said["verdict"], said["answered"], said["ending"], said["journal"]) == ("valid", 48, "time", False)


NONE = ("", "x", "NA4S-ZY3A-11ZE-BPPT", TEXT[:-1], "{}", b"{", b'{"text": 5}', b'{"text": "", "salt": "zz"}', b"\xff")


@pytest.mark.parametrize("shown", NONE)
def test_anything_else_is_no_receipt(shown: "str | bytes", key: Path, tmp_path: Path) -> None:
    if isinstance(shown, bytes):
        (tmp_path / "shown").write_bytes(shown)
        shown = str(tmp_path / "shown")
    result = run(shown, "--public-key", key, "--json")
    assert (result.exit_code, json.loads(result.stdout)["verdict"]) == (13, "not_a_receipt")


def test_a_forged_one_and_one_of_another_key_say_nothing_but_that(key: Path, tmp_path: Path) -> None:
    forged = run(FORGED, "--public-key", key, "--json")
    assert (forged.exit_code, json.loads(forged.stdout)["verdict"]) == (10, "signature_wrong")
    (tmp_path / "other").write_bytes(OTHER_PEM)
    strange = run(TEXT, "--public-key", tmp_path / "other", "--json")
    assert (strange.exit_code, json.loads(strange.stdout)["verdict"]) == (12, "unknown_key")
    for result in (forged, strange):
        assert json.loads(result.stdout)["attempt_id"] == 0


def test_people_read_it_in_two_languages(key: Path) -> None:
    good, bad = run(TEXT, "--public-key", key), run(FORGED, "--public-key", key)
    assert "有效" in good.stdout
    assert "valid" in good.stdout
    assert "2026-03-02T01:00:00+00:00" in good.stdout
    assert "签名不符" in bad.stdout
    assert "48 / 50" in good.stdout
    assert "48 / 50" not in bad.stdout


def test_every_verdict_has_words_and_an_exit_code_of_its_own() -> None:
    assert set(EXITS) == set(WORDS) == set(Verdict)
    assert len({*EXITS.values(), 13}) == len(Verdict) + 1


@pytest.mark.parametrize("content", [b"", b"no key", b'{"public_keys": []}', b'{"public_keys": [{"public_key": "z"}]}'])
def test_a_file_without_a_key_is_said_to_hold_none(content: bytes, key: Path) -> None:
    key.write_bytes(content)
    assert isinstance(run(TEXT, "--public-key", key).exception, CannotStart)
