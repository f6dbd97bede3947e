"""People at desks: invigilators with open boards who act, reviewers who work their queues.

From event to screen: a tile says when its candidate last answered, by the server's clock. What that clock shows here is
learnt from the board's own pongs: of several, the one that was back soonest tells the offset best (half its way is the
error). The latency is this process's clock, plus the offset, minus the moment of the answer, for tiles that moved on.
Of many boards only a few read every frame and the others one in SELDOM: a generator of ten boards that decodes all of
them would measure itself.
"""

import time
from datetime import datetime
from typing import Final

import msgspec

from loadtest.cast import Desk
from loadtest.desk_steps import Act, Decide, Extend, InvigilatorScript, Look, OpenFile, ReviewerScript, Warn, Work
from loadtest.entry import Counter, Over, Refused, open_session
from loadtest.stage import Stage
from loadtest.wire import Line

ADDRESSES: Final = 1 << 23  # of desks: beyond those of players
WATCHES_ALL: Final = 4  # boards that read every frame
SELDOM: Final = 8
TILES_A_FRAME: Final = 25  # so many of a frame's tiles are timed
PING_S: Final = 20.0
AGAIN_S: Final = 2.0
ARRIVES_S: Final = 60.0  # so long a desk looks whether its word has arrived
ASK_S: Final = 1.0
RETURN_REASON: Final = "压力测试：请补充材料后再交。"
RATING: Final = {"work": "qualified", "ethics": "qualified", "comment": "压力测试：合格。"}


class Tile(msgspec.Struct, frozen=True, gc=False):
    attempt_id: int
    attention: int = 0
    last_answer_at: datetime | None = None


class BoardFrame(msgspec.Struct, frozen=True):
    type: str
    now: datetime | None = None
    tiles: list[Tile] = []


class Target(msgspec.Struct, frozen=True):
    received: bool
    refused: str | None


class ActOutcome(msgspec.Struct, frozen=True):
    act_id: int
    targets: list[Target]


class ReviewRow(msgspec.Struct, frozen=True):
    file_id: int
    version: int
    mine: bool


class ReviewPage(msgspec.Struct, frozen=True):
    rows: list[ReviewRow]
    next: str | None


class OpenedRow(msgspec.Struct, frozen=True):
    file_id: int
    version: int
    subject: str
    procedure: str


class OpenedFile(msgspec.Struct, frozen=True):
    row: OpenedRow
    acts: list[str]


read_board = msgspec.json.Decoder(BoardFrame).decode


class Board:
    """One open board; it comes back by itself."""

    def __init__(self, stage: Stage, counter: Counter, *, seldom: bool) -> None:
        self._stage, self._counter = stage, counter
        self._every = SELDOM if seldom else 1
        self._line: Line | None = None
        self._wanted_s = 0.0
        self._sent_s = 0.0
        self._frames = 0
        self._open = False
        self._offset_s, self._offset_rtt_s = 0.0, float("inf")
        self._answered: dict[int, float] = {}
        self._parts: list[Tile] = []  # of a large board that is on its way
        self.order: list[Tile] = []  # as of the snapshot
        self.over = False

    def open(self) -> None:
        """From now on."""
        self._wanted_s = time.monotonic()
        self._connect()

    def close(self) -> None:
        """He goes home."""
        self.over = True
        self._away()
        if self._line is not None:
            self._line.close()

    def _connect(self) -> None:
        if self.over or self._stage.over:
            return
        self._sent_s = time.monotonic()
        uri = self._stage.uri(f"/api/desk/sittings/{self._stage.cast.sitting_id}/live")
        self._line = Line(self, uri, {"Authorization": f"Bearer {self._counter.token}"})
        self._stage.later(self._line.reach(self._stage.source(self._counter.player)))

    def opened(self) -> None:
        """The server speaks first."""

    def gone(self, why: str) -> None:
        """It broke."""
        self._parts = []
        self._away()
        self._stage.tally.failed("board_open", why)
        self._wanted_s = time.monotonic()
        self._stage.clockwork.at(self._wanted_s + AGAIN_S * (0.5 + self._stage.rng.random()), self._connect)

    def heard(self, text: bytes) -> None:
        """A frame, read if it is this board's turn."""
        at_s = time.monotonic()
        self._frames += 1
        if text.startswith(b'{"type":"tiles"') and self._frames % self._every:
            return
        frame = read_board(text)
        if frame.type == "part":
            self._parts += frame.tiles
        elif frame.type == "board":
            self._shown(frame, at_s)
        elif frame.type == "pong" and frame.now is not None:
            self._ponged(frame.now, at_s)
        elif frame.type == "tiles" and self._offset_rtt_s < float("inf"):
            self._moved(frame, at_s)

    def _shown(self, frame: BoardFrame, at_s: float) -> None:
        self._open = True
        self._stage.tally.boards += 1
        self._stage.tally.took("board_open", at_s - self._wanted_s, at_s - self._sent_s)
        tiles, self._parts = [*self._parts, *frame.tiles], []
        self.order = sorted(tiles, key=lambda tile: -tile.attention)[:1000]
        for tile in tiles:
            if tile.last_answer_at is not None:
                self._answered[tile.attempt_id] = tile.last_answer_at.timestamp()
        self._ping()

    def _ping(self) -> None:
        if self._open and not self.over and self._line is not None:
            self._sent_s = time.monotonic()
            self._line.send(b'{"type":"ping"}')
            self._stage.clockwork.at(self._sent_s + PING_S, self._ping)

    def _ponged(self, now: datetime, at_s: float) -> None:
        rtt_s = at_s - self._sent_s
        if rtt_s < self._offset_rtt_s:
            self._offset_rtt_s = rtt_s
            self._offset_s = now.timestamp() - self._stage.wall(at_s - rtt_s / 2)

    def _moved(self, frame: BoardFrame, at_s: float) -> None:
        now = self._stage.wall(at_s) + self._offset_s
        timed = 0
        for tile in frame.tiles:
            if tile.last_answer_at is None:
                continue
            answered = tile.last_answer_at.timestamp()
            before = self._answered.get(tile.attempt_id)
            self._answered[tile.attempt_id] = answered
            # Seldom readers see a tile whose frame they let pass: only news of this very frame is timed.
            if before != answered and timed < TILES_A_FRAME and (self._every == 1 or now - answered < 2 * PING_S):
                timed += 1
                self._stage.tally.took("board_frame", max(0.0, now - answered), max(0.0, now - answered))

    def _away(self) -> None:
        if self._open:
            self._stage.tally.boards -= 1
        self._open = False


class Invigilator:
    """Boards and acts of one desk."""

    def __init__(self, stage: Stage, desk: Desk, script: InvigilatorScript, number: int) -> None:
        self._stage, self._desk, self._script, self._number = stage, desk, script, number
        self._counter = Counter(stage, ADDRESSES + number, "")
        self._acts = 0
        self.boards: list[Board] = []

    async def work(self, begin_s: float) -> None:
        """His shift, from this moment (monotonic) on; returns at its end."""
        await self._stage.clockwork.until(begin_s)
        try:
            await open_session(self._counter, self._desk.login, self._desk.password, begin_s)
            for place in range(self._script.boards):
                board = Board(self._stage, self._counter, seldom=self._number + place >= WATCHES_ALL)
                self.boards.append(board)
                board.open()
            for act in self._script.acts:
                await self._stage.clockwork.until(begin_s + act.at_s)
                self._stage.later(self._act(act, begin_s + act.at_s))
            await self._stage.clockwork.until(begin_s + self._script.for_s)
        except (Refused, Over):
            return
        finally:
            for board in self.boards:
                board.close()

    async def _act(self, act: Act, meant_s: float) -> None:
        order = self.boards[0].order if self.boards else []
        if not order:
            return
        attempt_id = order[act.rank % len(order)].attempt_id
        try:
            if isinstance(act, Look):
                await self._counter.ask("look", "GET", f"/api/desk/attempts/{attempt_id}/timeline", meant_s=meant_s)
            else:
                await self._do(act, attempt_id, meant_s)
        except (Refused, Over):
            return

    async def _do(self, act: Warn | Extend, attempt_id: int, meant_s: float) -> None:
        self._acts += 1
        wanted: dict[str, object] = {"type": "warn", "text": "压力测试：请独立作答。", "level": "warning"}
        if isinstance(act, Extend):
            wanted = {"type": "extend", "seconds": act.minutes * 60, "reason": "压力测试：补时。"}
        run = int(self._stage.wall(0.0) * 1000)
        body = {"request_id": f"load-{run}-{self._number}-{self._acts}", "command": wanted}
        asked = msgspec.json.encode(body | {"attempt_ids": [attempt_id], "everybody": False})
        path = f"/api/desk/sittings/{self._stage.cast.sitting_id}/acts"
        answer = await self._counter.ask("act", "POST", path, asked, meant_s=meant_s)
        outcome = msgspec.json.decode(answer, type=ActOutcome)
        begin_s = time.monotonic()
        while time.monotonic() < begin_s + ARRIVES_S and not self._stage.over:
            if all(target.received or target.refused for target in outcome.targets):
                took_s = time.monotonic() - begin_s
                self._stage.tally.took("act_received", took_s, took_s)
                return
            await self._stage.clockwork.until(time.monotonic() + ASK_S)
            answer = await self._counter.ask("act_seen", "GET", f"/api/desk/acts/{outcome.act_id}")
            outcome = msgspec.json.decode(answer, type=ActOutcome)


class Reviewer:
    """The queue of one desk, worked off."""

    def __init__(self, stage: Stage, desk: Desk, script: ReviewerScript, number: int) -> None:
        self._stage, self._desk, self._script = stage, desk, script
        self._counter = Counter(stage, ADDRESSES + number, "")
        self._page = ReviewPage([], None)
        self._file: OpenedFile | None = None

    async def work(self, begin_s: float) -> None:
        """His shift; one thing after the other, as one person does it."""
        await self._stage.clockwork.until(begin_s)
        try:
            await open_session(self._counter, self._desk.login, self._desk.password, begin_s)
            for work in self._script.works:
                meant_s = begin_s + work.at_s
                await self._stage.clockwork.until(meant_s)
                try:
                    await self._do(work, meant_s)
                except Refused:  # somebody else was quicker: it is counted, and he takes the next one
                    self._file = None
        except (Refused, Over):
            return

    async def _do(self, work: Work, meant_s: float) -> None:
        if isinstance(work, OpenFile):
            rows = [row for row in self._page.rows if row.mine]
            if rows:
                row = rows[work.rank % len(rows)]
                path = f"/api/desk/reviews/{row.file_id}/open"
                answer = await self._counter.ask("review_open", "POST", path, meant_s=meant_s)
                self._file = msgspec.json.decode(answer, type=OpenedFile)
        elif isinstance(work, Decide):
            await self._decide(work, meant_s)
        else:
            query = f"?after={self._page.next}" if self._page.next else ""
            answer = await self._counter.ask("review_page", "GET", f"/api/desk/reviews{query}", meant_s=meant_s)
            self._page = msgspec.json.decode(answer, type=ReviewPage)

    async def _decide(self, work: Decide, meant_s: float) -> None:
        opened, self._file = self._file, None
        act = "approve" if work.passes else "return"
        if opened is None or act not in opened.acts:
            return
        body: dict[str, object] = {"version": opened.row.version, "act": act}
        body |= _approval(opened.row) if work.passes else {"reason": RETURN_REASON}
        path = f"/api/desk/reviews/{opened.row.file_id}/decide"
        await self._counter.ask("review_decide", "POST", path, msgspec.json.encode(body), meant_s=meant_s)


def _approval(row: OpenedRow) -> dict[str, object]:
    """What comes with 通过: a rating of a self-evaluation, and of the conditions if the simple procedure is wanted."""
    if row.subject != "evaluation":
        return {}
    return {"rating": RATING | ({"conditions_met": True} if row.procedure == "simple_applied" else {})}
