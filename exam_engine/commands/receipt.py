"""`exam receipt`: is a receipt genuine, and does the journal still say what was signed; the keys that sign.

Exit codes of `verify`: 0 valid; 10 the signature is wrong; 11 the journal was changed since; 12 the key is unknown;
13 no receipt, or none of this code; 14 signed, but its journal is not here; 15 these are not the answers it commits to.
"""

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import asyncpg
import msgspec
import typer
import uvloop
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from rich.console import Console
from rich.table import Table

from exam_engine import receipts
from exam_engine import store as exam_store
from exam_engine.chain import Entry
from exam_engine.embedded import connected
from exam_engine.receipt_checks import Checked, Verdict, by_answers, by_copy, by_signature
from exam_engine.receipt_codes import code_of, shown
from exam_engine.receipt_keys import ReceiptKeys, SigningKey
from exam_engine.receipt_office import check, find, parts
from exam_engine.receipts import Broken, key_id_of, read_text
from exam_engine.settings import CannotStart, ExitCode, read_settings

NOT_A_RECEIPT_EXIT: Final = 13
EXITS: Final = {
    Verdict.VALID: 0,
    Verdict.SIGNATURE_WRONG: 10,
    Verdict.JOURNAL_CHANGED: 11,
    Verdict.UNKNOWN_KEY: 12,
    Verdict.NO_JOURNAL: 14,
    Verdict.ANSWERS_WRONG: 15,
}
WORDS: Final = {
    Verdict.VALID: ("有效", "valid"),
    Verdict.SIGNATURE_WRONG: ("签名不符，回执无效", "the signature is wrong: this is not a receipt of ours"),
    Verdict.JOURNAL_CHANGED: ("签名有效，但此后日志被改动", "signed, but the journal was changed since"),
    Verdict.UNKNOWN_KEY: ("签名密钥未知", "signed by a key that is not known here"),
    Verdict.NO_JOURNAL: ("签名有效，但此处没有对应的日志", "signed, but its journal is not here"),
    Verdict.ANSWERS_WRONG: ("签名有效，但答案与回执不符", "signed, but these are not the answers it commits to"),
}
NOT_A_RECEIPT: Final = ("不是回执，或没有此校验码", "no receipt, or none of this code")
FILE_BYTES_MAX: Final = 8 * 1024 * 1024

app = typer.Typer(help="Signed receipts of what was handed in.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Say it as JSON.")]
Data = Annotated[Path | None, typer.Option(help="The data folder (EXAM_DATA; default ./exam-data).")]


class Line(msgspec.Struct, frozen=True):
    """An entry of a downloaded journal."""

    version: int
    seq: int | None
    kind: str
    at: datetime
    body: str
    digest: str


class Answer(msgspec.Struct, frozen=True):
    no: int
    choice: str


class OwnCopy(msgspec.Struct, frozen=True):
    """The journal as its owner downloaded it."""

    attempt_id: int
    entries: list[Line]
    answers: list[Answer] = []


class ReceiptPart(msgspec.Struct, frozen=True):
    """A receipt as its owner downloaded it."""

    text: str
    salt: str = ""


class Download(msgspec.Struct, frozen=True):
    """【下载】 of a receipt, or of the log, which holds both."""

    text: str = ""
    salt: str = ""
    receipt: ReceiptPart | None = None
    journal: OwnCopy | None = None


class Shown(msgspec.Struct, frozen=True):
    """What a file or a text holds to be checked."""

    text: str
    salt: bytes = b""
    copy: OwnCopy | None = None


class PublishedKey(msgspec.Struct, frozen=True):
    public_key: str


class PublishedKeys(msgspec.Struct, frozen=True):
    """The answer of /api/receipts/keys, and of `exam receipt keys --json`."""

    public_keys: list[PublishedKey]


class Said(msgspec.Struct, frozen=True):
    """The answer of `--json`. `changed_at`: the first journal entry that is not what was signed; 0 if none.

    `journal`, `answers`: whether the journal (here, or in the file) and the answers (in the file) were compared.
    """

    verdict: str
    changed_at: int = 0
    journal: bool = False
    answers: bool = False
    code: str = ""
    key_id: str = ""
    attempt_id: int = 0
    submitted_at: datetime | None = None
    ending: str = ""
    version: int = 0
    digest: str = ""
    item_count: int = 0
    answered: int = 0
    late: int = 0


@app.callback()
def receipt() -> None:
    """Signed receipts of what was handed in."""


@app.command("verify")
def verify_command(
    what: Annotated[str, typer.Argument(metavar="CODE|FILE|TEXT", help="A code, a downloaded file, or a QR's text.")],
    public_key: Annotated[
        Path | None,
        typer.Option(help="Check by this key alone, without a database: PEM, or the list of /api/receipts/keys."),
    ] = None,
    journal: Annotated[  # noqa: FBT002  a flag
        bool, typer.Option("--journal", help="With --public-key: walk the journal in the database all the same.")
    ] = False,
    as_json: AsJson = False,  # noqa: FBT002  a flag
    data: Data = None,
) -> None:
    """Check a receipt: who signed it, and whether the journal still comes to the digest that was signed.

    A downloaded log is checked by itself, too: its entries have to lead to the digest, its answers to the commitment.
    """
    shown_ = read_shown(what)
    keys = None if public_key is None else read_keys(public_key)
    try:
        if keys is not None and not journal:
            signed = offline(shown_.text)
            checked = by_signature(signed, keys)
        else:
            signed, checked = uvloop.run(_with_database(data, shown_.text, keys))
        checked = by_file(checked, shown_)
    except Broken:
        _say(Said("not_a_receipt"), NOT_A_RECEIPT, as_json=as_json)
        raise typer.Exit(NOT_A_RECEIPT_EXIT) from None
    _say(said(signed, checked, shown_), WORDS[checked.verdict], as_json=as_json)
    raise typer.Exit(EXITS[checked.verdict])


def read_shown(what: str) -> Shown:
    """A file if there is one of this name, else the text itself."""
    path = Path(what)
    try:
        if not path.is_file():
            return Shown(what)
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX)
    except OSError:  # a text that is no name of a file
        return Shown(what)
    if not content.lstrip().startswith(b"{"):
        return Shown(content.decode("utf-8", "replace").strip())
    try:
        found = msgspec.json.decode(content, type=Download)
        part = found.receipt or ReceiptPart(found.text, found.salt)
        return Shown(part.text, bytes.fromhex(part.salt), found.journal)
    except (msgspec.DecodeError, ValueError):
        return Shown("")


def read_keys(path: Path) -> dict[str, bytes]:
    """Public keys by id, from PEM or the published list. Raises CannotStart."""
    try:
        content = path.read_bytes()
        if content.lstrip().startswith(b"{"):
            listed = msgspec.json.decode(content, type=PublishedKeys)
            keys = [bytes.fromhex(key.public_key) for key in listed.public_keys]
        else:
            loaded = load_pem_public_key(content)
            keys = [loaded.public_bytes_raw()] if isinstance(loaded, Ed25519PublicKey) else []
    except (OSError, ValueError, UnsupportedAlgorithm, msgspec.DecodeError) as error:
        raise CannotStart(f"{path} holds no public key: {error}", ExitCode.SETTINGS) from error
    if not keys:
        raise CannotStart(f"{path} holds no Ed25519 key", ExitCode.SETTINGS)
    return {key_id_of(key): key for key in keys}


def offline(text: str) -> bytes:
    """The whole receipt in a text. Raises Broken; a code alone says nothing without the database."""
    for part in parts(text):
        whole = read_text(part)
        if whole is not None:
            return whole
    raise Broken


async def _with_database(data: Path | None, text: str, keys: dict[str, bytes] | None) -> tuple[bytes, Checked]:
    async with connected(data) as database_url, asyncpg.create_pool(database_url, min_size=1, max_size=2) as pool:
        signed = await find(pool, text)
        if signed is None:
            raise Broken
        return signed, await check(pool, signed, keys)


def by_file(checked: Checked, shown_: Shown) -> Checked:
    """The same receipt, compared with the journal and the answers that came with it in the file."""
    copy = shown_.copy
    if copy is None or checked.verdict not in (Verdict.VALID, Verdict.NO_JOURNAL):
        return checked
    checked = by_copy(Checked(Verdict.VALID, checked.receipt), entries_of(copy))
    if not _opens(shown_):
        return checked
    return by_answers(checked, shown_.salt, {answer.no: answer.choice for answer in copy.answers})


def _opens(shown_: Shown) -> bool:
    return shown_.copy is not None and len(shown_.salt) == receipts.SALT_BYTES


def entries_of(copy: OwnCopy) -> Sequence[Entry]:
    """The entries of a downloaded journal. Raises Broken."""
    try:
        return [
            Entry(copy.attempt_id, line.version, line.seq, line.kind, line.body, line.at, bytes.fromhex(line.digest))
            for line in copy.entries
        ]
    except ValueError as error:
        raise Broken from error


def said(signed: bytes, checked: Checked, shown_: Shown) -> Said:
    """The verdict in plain data; nothing but it is said of a receipt that is not genuine."""
    receipt_, code = checked.receipt, shown(code_of(signed))
    if checked.verdict in (Verdict.SIGNATURE_WRONG, Verdict.UNKNOWN_KEY):
        return Said(checked.verdict, code=code, key_id=receipt_.key_id)
    return Said(
        verdict=checked.verdict,
        changed_at=checked.changed_at,
        journal=checked.journal,
        answers=checked.verdict in (Verdict.VALID, Verdict.ANSWERS_WRONG) and _opens(shown_),
        code=code,
        key_id=receipt_.key_id,
        attempt_id=receipt_.attempt_id,
        submitted_at=receipt_.submitted_at,
        ending=receipt_.ending,
        version=receipt_.version,
        digest=receipt_.digest.hex(),
        item_count=receipt_.item_count,
        answered=receipt_.answered,
        late=receipt_.late,
    )


def _say(said_: Said, words: tuple[str, str], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.encode(said_).decode() + "\n")
        return
    console = Console()
    colour = "green" if said_.verdict == Verdict.VALID else "red"
    console.print(f"[{colour}]{words[0]}  ·  {words[1]}[/{colour}]", soft_wrap=True)
    if said_.submitted_at is None:
        return
    if said_.changed_at:
        console.print(f"日志第 {said_.changed_at} 条  ·  entry {said_.changed_at} of the journal", soft_wrap=True)
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(overflow="fold")
    for label, value in _facts(said_):
        table.add_row(label, value)
    console.print(table)


def _facts(said_: Said) -> list[tuple[str, str]]:
    assert said_.submitted_at is not None
    compared = {True: "已比对 compared", False: "未比对 not compared"}
    return [
        ("校验码 code", said_.code),
        ("考试记录 attempt", str(said_.attempt_id)),
        ("交卷时间 handed in", said_.submitted_at.isoformat(timespec="seconds")),
        ("方式 ending", said_.ending),
        ("已答 answered", f"{said_.answered} / {said_.item_count}"),
        ("迟到未计 late", str(said_.late)),
        ("日志条数 journal entry", str(said_.version)),
        ("日志摘要 digest", said_.digest),
        ("密钥 key", said_.key_id),
        ("日志 journal", compared[said_.journal]),
        ("答案 answers", compared[said_.answers]),
    ]


@app.command("keys")
def keys_command(as_json: AsJson = False, data: Data = None) -> None:  # noqa: FBT002  a flag
    """List the public keys. The first is made when the first receipt is asked for."""
    _print_keys(uvloop.run(_keys(data, rotate=False)), as_json=as_json)


@app.command("rotate")
def rotate_command(as_json: AsJson = False, data: Data = None) -> None:  # noqa: FBT002  a flag
    """Make the next key. It signs what is handed in from five minutes later; older receipts keep theirs."""
    _print_keys(uvloop.run(_keys(data, rotate=True)), as_json=as_json)


async def _keys(data: Path | None, *, rotate: bool) -> Sequence[SigningKey]:
    secret = read_settings(data=data).secret_key
    async with connected(data) as database_url, asyncpg.create_pool(database_url, min_size=1, max_size=2) as pool:
        keys = ReceiptKeys(pool, secret)
        if rotate:
            made = await keys.rotate()
            facts = msgspec.json.encode({"number": made.number, "since": made.since}).decode()
            await pool.execute(exam_store.AUDIT, None, "", "", "receipt_key_made", made.key_id, facts)
        return await keys.there()


def _print_keys(keys: Sequence[SigningKey], *, as_json: bool) -> None:
    if as_json:
        lines = [
            {"number": key.number, "key_id": key.key_id, "public_key": key.public.hex(), "since": key.since,
             "made_at": key.made_at, "opens": key.private is not None}
            for key in keys
        ]  # fmt: skip
        sys.stdout.write(msgspec.json.encode({"public_keys": lines}).decode() + "\n")
        return
    console = Console()
    for key in keys:
        opens = "" if key.private is not None else "  [red]does not open: another secret wrapped it[/red]"
        since = key.since.isoformat(timespec="seconds")
        console.print(f"{key.number}  {key.key_id}  since {since}  public {key.public.hex()}{opens}", soft_wrap=True)
