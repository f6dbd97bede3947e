"""What a phone reads of the server's frames and answers: only the fields it acts on, so that reading costs little."""

import msgspec


class Clock(msgspec.Struct, frozen=True, gc=False):
    remaining_ms: int
    ticking: bool


class Ended(msgspec.Struct, frozen=True, gc=False):
    ending: str


class View(msgspec.Struct, frozen=True, gc=False):
    """The snapshot."""

    phase: str
    version: int
    last_seq: int
    device: str
    clock: Clock | None = None
    submitted: Ended | None = None


class Event(msgspec.Struct, frozen=True, gc=False):
    """What was told; fields that this kind does not have are empty."""

    type: str
    seq: int = 0
    notice: int = 0
    ending: str = ""
    code: str = ""


class Facts(msgspec.Struct, frozen=True, gc=False):
    expected: int | None = None


class Frame(msgspec.Struct, frozen=True):
    """Any frame down: welcome, told, ack, rejected, pong, bye, next_piece, captured, capture_refused."""

    type: str
    seq: int = 0
    version: int = 0
    result: str = ""
    code: str = ""
    last_seq: int = 0
    retry_after_ms: int = 0
    n: int = 0  # of a picture
    part: int = 0
    status: int = 0
    clock: Clock | None = None
    view: View | None = None
    event: Event | None = None
    facts: Facts = Facts()


class CommandResult(msgspec.Struct, frozen=True, gc=False):
    result: str
    version: int
    seq: int = 0
    code: str = ""
    facts: Facts = Facts()


class ToldEvent(msgspec.Struct, frozen=True, gc=False):
    version: int
    event: Event


class Item(msgspec.Struct, frozen=True, gc=False):
    multiple: bool
    options: list[msgspec.Raw]


class Paper(msgspec.Struct, frozen=True):
    items: list[Item]


class Outcome(msgspec.Struct, frozen=True):
    """Of a batch over HTTP."""

    results: list[CommandResult]
    events: list[ToldEvent] | None
    version: int
    last_seq: int
    clock: Clock | None
    paper: Paper | None = None


class Entered(msgspec.Struct, frozen=True):
    attempt_id: int


class Watching(msgspec.Struct, frozen=True):
    consent: str
    consent_version: str
    face: bool = False


class Session(msgspec.Struct, frozen=True):
    token: str


class Problem(msgspec.Struct, frozen=True):
    code: str = "unknown"


read_frame = msgspec.json.Decoder(Frame).decode
read_view = msgspec.json.Decoder(View).decode
read_outcome = msgspec.json.Decoder(Outcome).decode
read_paper = msgspec.json.Decoder(Paper).decode


def code_of(body: bytes) -> str:
    """Why the server refused, in its own word."""
    try:
        return msgspec.json.decode(body, type=Problem).code
    except msgspec.DecodeError:
        return "unknown"


def options_of(paper: Paper) -> bytes:
    """A paper as a phone keeps it: a byte per item, how many options it has, plus 64 where several may be chosen."""
    return bytes(len(item.options) + 64 * item.multiple for item in paper.items)
