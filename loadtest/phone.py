"""One player's phone: his whole day through the public API and sockets, and what it remembers of it.

Only the entry and a change of phones are tasks, and short ones: the exam itself is what the clockwork calls and what
the line brings. A phone that sits its exam holds its history, its outbox and one socket.
"""

import time
from collections.abc import Iterator
from typing import Final

import msgspec

from loadtest import entry
from loadtest.entry import ENDED, PASSING, Counter, Over, Refused
from loadtest.history import ClockWord, History, Sent
from loadtest.outbox import Outbox, Waiting
from loadtest.stage import Stage
from loadtest.steps import Answer, Clear, HandIn, LeavePage, LoseNetwork, Mark, Script, Snapshot, Step, SwapPhone
from loadtest.talk import Talk
from loadtest.words import Clock, Event, Paper, View, options_of, read_paper

LETTERS_MIN: Final = 4  # options of any item
PAPER_S: Final = 3.0  # a paper that did not come along with the start by then is asked for
ENDINGS: Final = {"candidate": "handed_in", "time": "bell"}
FINAL: Final = frozenset({"submitted", "marked", "released", "annulled"})
READ_NOTICE_S: Final = 4.0
HELD_S: Final = 3.0  # what the server would not take just now is offered again
PAPER_AGAIN_S: Final = 3.0
ASK_AFTER_S: Final = 2.0  # after the grace: the bell rings by itself
ASK_SPREAD_S: Final = 3.0
ASK_AGAIN_S: Final = 5.0
APART_S: Final = 1.5  # the server takes no two pictures within a second
KEPT_MAX: Final = 20  # pictures that wait for the network
CLOCK_WORDS: Final = 10  # all of the first, then changes and one in five
DRIFT_S: Final = 0.5
MULTIPLE: Final = 64


class Phone:
    """`play` begins the day. `done` when nothing more will happen."""

    __slots__ = (
        "_at_zero",
        "_awaiting",
        "_base_s",
        "_bell_set",
        "_clocks",
        "_counter",
        "_deadline_s",
        "_devices",
        "_heard_max",
        "_notices",
        "_options",
        "_paper_due",
        "_plain",
        "_script",
        "_shooting",
        "_shot_s",
        "_shots",
        "_signals",
        "_stage",
        "_started",
        "_starting",
        "_step",
        "_steps",
        "_stood",
        "_swapping",
        "_talk",
        "attempt_id",
        "device",
        "done",
        "history",
        "outbox",
        "player",
        "running",
        "token",
    )  # fmt: skip

    def __init__(self, stage: Stage, script: Script, steps: Iterator[Step]) -> None:
        self._stage, self._script, self._steps = stage, script, steps
        who = stage.cast.players[script.player]
        self.player = script.player
        self.token = who.token
        self.attempt_id = who.attempt_id
        self._devices = 0
        self.device = who.device or self._new_device()
        self._counter = Counter(stage, self.player, who.token)
        self.history = History(
            player=self.player,
            attempt_id=who.attempt_id,
            habit=script.habit,
            sent=[],
            clock=[],
            told_versions=[],
            lies=[],
        )
        self.outbox = Outbox()
        self._talk = Talk(stage, self, script.heartbeat_s)
        self._options = b""
        self._step: Step | None = None
        self._base_s = 0.0
        self._plain: list[bytes] = []  # commands without a number that wait to be sent
        self._notices: tuple[int, ...] = ()  # read, not yet known to be acknowledged
        self._shots: list[tuple[float, float]] = []  # pictures that wait: when taken, when meant
        self._shooting = self._swapping = self._awaiting = False
        self._shot_s = 0.0  # when the last one was sent
        self._signals = self._clocks = 0
        self._starting: tuple[float, float] | None = None  # 【去考试】 pressed: when meant, when sent
        self._paper_due: tuple[float, float] | None = None  # started, and the paper is on its way: the same two
        self._stood = 0
        self._started = 0.0  # when the server's word came that the clock runs
        self._deadline_s = 0.0
        self._bell_set = self._at_zero = False
        self._heard_max = 0  # the highest version an acknowledgement named
        self.running = self.done = False

    # --- before the exam --------------------------------------------------------------------------------------------

    async def play(self, begin_s: float) -> None:
        """His day, from the moment (monotonic) he is meant to open the app; returns when the exam runs by itself."""
        try:
            if self.attempt_id:
                await self._resume(begin_s)
            else:
                await self._arrive(begin_s)
        except Refused as refusal:
            self._end(f"refused:{refusal}")
        except Over:
            self._end("cut_off")

    async def _resume(self, begin_s: float) -> None:
        """Entered beforehand by this very device: it goes on as after a reload, or, begun, as after a lost line.

        Who has begun has his paper, so nothing is fetched: of its items only what may be chosen is not known here, and
        a to d may be chosen anywhere.
        """
        if self._stage.begun:
            self._options = bytes([LETTERS_MIN]) * self._stage.cast.item_count
            self._talk.open()
            return
        view, _took_s = await entry.look(self._counter, self.attempt_id, self.device, meant_s=begin_s)
        if view.phase == "running":
            await self._fetch_paper(0.0)
        self._talk.open()
        if view.phase != "running":
            self._stage.clockwork.at(max(begin_s + self._script.read_rules_s, time.monotonic()), self._press_start)

    async def _arrive(self, begin_s: float) -> None:
        who, meant_s = self._stage.cast.players[self.player], begin_s
        if self._script.logs_in and who.password:
            await entry.log_in(self._counter, who, meant_s)
            self.token, meant_s = self._counter.token, 0.0
        self.attempt_id = await entry.enter(self._counter, self._stage.cast.sitting_id, meant_s)
        self.history.attempt_id = self.attempt_id
        self.history.entered_at = self._stage.wall(time.monotonic())
        await entry.portrait(self._counter, self.attempt_id, self.device)
        self._talk.open()
        ready_s = time.monotonic()
        self._stage.clockwork.at(max(begin_s + self._script.read_rules_s, ready_s), self._press_start)

    def _press_start(self) -> None:
        """【去考试】. Meant for now by the plan, however late this call is."""
        if self.done or self._started:
            return
        now_s = time.monotonic()
        meant_s = now_s - self._stage.clockwork.late_s
        self._starting = (meant_s, now_s)
        self._plain.append(b'{"type":"start","paper":true}')
        self._talk.kick()

    def _has_started(self) -> None:
        """The server's word that the clock runs; the paper follows."""
        if self._started:
            return
        now_s = self._started = time.monotonic()
        self.history.started_at = self._stage.wall(now_s)
        self._plain.clear()
        self._stage.tally.open += 1
        self.running = True
        pressed = self._starting
        if pressed is not None:
            self._stage.tally.took("start", now_s - pressed[0], now_s - pressed[1])
            self._starting = None
        if self._options:
            self._begin()
        else:
            self._paper_due = pressed or (now_s, now_s)
            self._stage.clockwork.at(now_s + PAPER_S, self._miss_paper)

    def papered(self, paper: Paper) -> None:
        """The paper came with the start."""
        if self._paper_due is None:
            return
        now_s = time.monotonic()
        (meant_s, sent_s), self._paper_due = self._paper_due, None
        self._options = options_of(paper)
        self._stage.tally.took("paper", now_s - meant_s, now_s - sent_s)
        self._begin()

    def _miss_paper(self) -> None:
        """It did not come along, or its line broke: ask for it, as the page does."""
        if self._paper_due is not None and not self.done:
            (meant_s, _), self._paper_due = self._paper_due, None
            self._stage.later(self._fetch(meant_s))

    async def _fetch(self, meant_s: float) -> None:
        try:
            await self._fetch_paper(meant_s)
        except Refused as refusal:
            if not self.done:
                self._end(f"refused:{refusal}")
        except Over:
            self._end("cut_off")
        else:
            self._begin()

    async def _fetch_paper(self, meant_s: float) -> None:
        path = f"/api/attempts/{self.attempt_id}/paper?device={self.device}"
        self._options = options_of(read_paper(await self._counter.ask("paper", "GET", path, meant_s=meant_s)))

    def _begin(self) -> None:
        """The first item is on the screen."""
        if self.done:
            return
        self._base_s = time.monotonic()
        self._advance()

    # --- the script -------------------------------------------------------------------------------------------------

    def _advance(self) -> None:
        self._step = next(self._steps, None)
        if self._step is not None:
            self._stage.clockwork.at(self._base_s + self._step.at_s, self._take_step)

    def _take_step(self) -> None:
        """The step that is due; with the closed loop the next one waits for what this one brings."""
        step = self._step
        if self.done or not self.running or step is None:
            return
        self._do(step, time.monotonic() if self._stage.closed else self._base_s + step.at_s)
        self._awaiting = self._stage.closed and bool(self.outbox.queue)
        if not self._awaiting and not self._swapping:
            self._advance()

    def _do(self, step: Step, meant_s: float) -> None:
        match step:
            case Answer():
                self._say("answer", step.no, self._choice(step), meant_s)
            case Clear():
                self._say("clear", step.no, "", meant_s)
            case Mark():
                self._say("mark", step.no, "on" if step.on else "off", meant_s)
            case HandIn():
                self._say("hand_in", 0, "", meant_s)
            case Snapshot():
                self._shoot(meant_s)
            case LoseNetwork():
                self._talk.lose_network(step.for_s)
            case LeavePage():
                self._stage.clockwork.at(meant_s + step.for_s, lambda: self._come_back(meant_s, step.for_s))
            case SwapPhone():
                self._swapping = True
                self._stage.later(self._swap(meant_s))

    def _choice(self, step: Answer) -> str:
        if step.no > len(self._options):
            return "a"
        count, multiple = self._options[step.no - 1] % MULTIPLE, self._options[step.no - 1] >= MULTIPLE
        first = min(count - 1, int(step.pick * count))
        chosen = {first}
        if multiple:  # as many more as he is inclined to, in a row from the first
            chosen |= {(first + more) % count for more in range(1, 1 + int(step.several * count))}
        return "".join(chr(97 + each) for each in sorted(chosen))

    def _say(self, kind: str, no: int, choice: str, meant_s: float) -> None:
        if self.outbox.stopped or any(each.sent.kind == "hand_in" for each in self.outbox.queue):
            return
        seq = self.outbox.next_seq()
        sent = Sent(seq=seq, kind=kind, no=no, choice=choice, device=self.device, first_at=0.0)
        self.outbox.add(Waiting(sent, meant_s))
        self._talk.kick()

    # --- what the line asks for, and what it brings -----------------------------------------------------------------

    def say(self) -> list[bytes]:
        """Commands that may go now."""
        plain, self._plain = self._plain, []
        out = plain
        for waiting in self.outbox.take():
            now_s, sent = time.monotonic(), waiting.sent
            if sent.first_at:
                sent.times += 1
            else:
                sent.first_at = self._stage.wall(now_s)
                waiting.sent_s = waiting.sent_s or now_s
                self.history.sent.append(sent)
            out.append(_command(sent))
        return out

    def unsay(self) -> None:
        """What was under way may be lost: it is said again, which is harmless."""
        self.outbox.disconnected()
        self._heard_max = 0
        self._plain = [b'{"type":"acknowledge","notice":%d}' % each for each in self._notices]
        if self._starting is not None:
            self._plain.append(b'{"type":"start","paper":true}')

    def ack(self, seq: int, result: str, version: int) -> None:
        """The server's word that it is kept."""
        if seq == 0:
            if self._starting is not None and not self._notices:
                self._has_started()
            return
        if version < self._heard_max:
            self.history.lies.append(f"acknowledged {seq} with version {version} after {self._heard_max}")
        self._heard_max = max(self._heard_max, version)
        known = seq <= self.outbox.last_seq or any(
            each.sent.seq == seq and each.sent.first_at for each in self.outbox.queue
        )
        if not known:
            self.history.lies.append(f"acknowledged {seq}, which was never sent")
            return
        for each in self.outbox.delivered(seq):
            self._settled(each, result, version)
        self._go_on()

    def _settled(self, waiting: Waiting, result: str, version: int) -> None:
        now_s, sent = time.monotonic(), waiting.sent
        sent.acked_at, sent.result, sent.version = self._stage.wall(now_s), result, version
        self._stage.tally.took(sent.kind, now_s - max(waiting.meant_s, self._talk.back_s), now_s - waiting.sent_s)

    def _go_on(self) -> None:
        if self._awaiting and not self.outbox.queue and self.running:
            self._awaiting = False
            self._advance()

    def refused(self, seq: int, code: str, expected: int | None) -> None:
        """Turned down."""
        if seq == 0:
            self._plain_refused(code)
            return
        dropped = self.outbox.rejected(code, seq, expected)
        if code not in {"seq_gap", "already_submitted"}:
            self._stage.tally.error(f"refused:{code}")
        if dropped is not None:
            dropped.sent.result = f"refused:{code}"
            dropped.sent.acked_at = self._stage.wall(time.monotonic())
            self._stage.later(self._look_again())
        elif self.outbox.hold:
            self._stage.clockwork.at(time.monotonic() + HELD_S, self._release)
        if self.outbox.stopped:
            self.shut_out(code)
        self._go_on()

    def _plain_refused(self, code: str) -> None:
        if self._starting is not None and code != "no_such_notice":
            self._stage.tally.failed("start", f"refused:{code}")
            self._end(f"refused:{code}")

    def _release(self) -> None:
        if not self.done:
            self.outbox.release()
            self._talk.kick()

    def stale(self) -> None:
        """Too much was missed."""
        self._stage.later(self._look_again())

    async def _look_again(self) -> None:
        since = self._talk.since
        try:
            view, took_s = await entry.look(self._counter, self.attempt_id, self.device)
        except (Refused, Over):
            return
        if self.done or self._swapping:
            return
        self.viewed(view, since)
        self._deliver(view.last_seq, 0)
        if view.clock is not None:
            self.clock(view.clock, time.monotonic(), took_s)

    def told(self, version: int, event: Event) -> None:
        """A numbered event."""
        self.history.told_versions.append(version)
        if version <= self._talk.since:
            return
        match event.type:
            case "answered" | "cleared" | "marked_for_later" | "came_late" | "submitted" if event.seq:
                result = "late" if event.type == "came_late" else "already"
                for each in self.outbox.delivered(event.seq):
                    self._settled(each, result, version)
            case "warned":
                self._stage.clockwork.at(time.monotonic() + READ_NOTICE_S, lambda: self._read(event.notice))
            case "acknowledged":
                self._notices = tuple(each for each in self._notices if each != event.notice)
            case "resumed" | "identity_unlocked":
                self._release()
            case "started":
                self._has_started()
        if event.type == "submitted":
            self._submitted(event.ending)
        elif event.type == "annulled":
            self._submitted("annulled")

    def _read(self, notice: int) -> None:
        """【我知道了】."""
        if not self.done:
            self._notices = (*self._notices, notice)
            self._plain.append(b'{"type":"acknowledge","notice":%d}' % notice)
            self._talk.kick()

    def viewed(self, view: View, since: int) -> None:
        """A snapshot. One that was overtaken by what the socket told is let fall, as the page does."""
        if view.version < since:
            self.history.lies.append(f"a snapshot of version {view.version} after {since}")
        if view.version < self._talk.since:
            return
        self.history.told_versions.append(-view.version)
        self._talk.since = view.version
        if view.phase in FINAL:
            self._submitted(view.submitted.ending if view.submitted is not None else view.phase)
        elif view.phase == "running":
            self._has_started()

    def greets(self) -> None:
        """What is acknowledged by now, the welcome must know; what the twin carries meanwhile it need not."""
        self._stood = self.outbox.last_seq

    def aligned(self, last_seq: int, version: int) -> None:
        """The server's numbering stands here: what it covers has arrived."""
        if last_seq < self._stood:
            self.history.lies.append(f"numbers stand at {last_seq} after {self._stood} was acknowledged")
        self._deliver(last_seq, version)

    def _deliver(self, last_seq: int, version: int) -> None:
        for each in self.outbox.delivered(last_seq):
            self._settled(each, "already", version)

    def clock(self, clock: Clock, at_s: float, rtt_s: float) -> None:
        """So much is left."""
        self._clocks += 1
        remaining_s = clock.remaining_ms / 1000
        ends_s = at_s + remaining_s
        if self._clocks <= CLOCK_WORDS or self._clocks % 5 == 0 or abs(ends_s - self._deadline_s) > DRIFT_S + rtt_s:
            self.history.clock.append(ClockWord(self._stage.wall(at_s), rtt_s, remaining_s, clock.ticking))
        self._deadline_s = ends_s if clock.ticking else 0.0
        if clock.ticking and self.running and not self._bell_set:
            self._bell_set = True
            self._stage.clockwork.at(ends_s, self._ring)

    def _ring(self) -> None:
        """The phone's own clock drew zero: as the page, it asks only when the bell is not heard, until told."""
        if self.done or not self.running:
            return
        now_s, stage = time.monotonic(), self._stage
        if not self._deadline_s or self._deadline_s > now_s:  # stopped, or moved
            self._at_zero = False
            again_s = self._deadline_s or now_s + 1.0
        elif not self._at_zero:
            self._at_zero = True
            again_s = now_s + stage.cast.grace_s + ASK_AFTER_S + stage.rng.random() * ASK_SPREAD_S
        else:
            self._plain.append(b'{"type":"time_up"}')
            self._talk.kick()
            again_s = now_s + ASK_AGAIN_S
        stage.clockwork.at(again_s, self._ring)

    def shut_out(self, code: str) -> None:
        """Another device has it, or the session is over. What this phone planned itself is no surprise."""
        if self.done or self._swapping:
            return
        self._stage.tally.error(f"refused:{code}")
        self._end(f"refused:{code}")

    # --- beside the answers -----------------------------------------------------------------------------------------

    def _shoot(self, meant_s: float) -> None:
        """A picture; what can't be sent now waits, the newest KEPT_MAX of them."""
        if not self._stage.snapshots:
            return
        self._shots = [*self._shots, (time.monotonic(), meant_s)][-KEPT_MAX:]
        if not self._shooting:
            self._shooting = True
            self._stage.later(self._upload())

    async def _upload(self) -> None:
        try:
            while self._shots and not self.done:
                await self._may_send()
                if not self._shots:
                    break
                (taken_s, meant_s), jpeg = self._shots.pop(0), self._stage.pictures.next(self.player)
                meant_s = max(meant_s, self._talk.back_s, self._shot_s + APART_S)
                if not await self._carried(jpeg, taken_s, meant_s):
                    await self._may_send()
                    await self._post(jpeg, taken_s, meant_s)
        except (Refused, Over):
            self._shots.clear()
        finally:
            self._shooting = False

    async def _may_send(self) -> None:
        """Return when the last one is long enough ago and there is a line."""
        while not self.done:
            if self._shot_s + APART_S > time.monotonic():
                await self._stage.clockwork.until(self._shot_s + APART_S)
            elif self._talk.offline or self._talk.state not in ("socket", "twin"):
                await self._stage.clockwork.until(time.monotonic() + APART_S)
            else:
                return

    async def _carried(self, jpeg: bytes, taken_s: float, meant_s: float) -> bool:
        """Over the socket, as the page does; False: not, but it may go another way. Raises Refused."""
        if self._talk.state != "socket" or self.done:
            return False
        talk, tally, sent_s = self._talk, self._stage.tally, time.monotonic()
        try:
            said = await talk.carry(jpeg, int((sent_s - taken_s) * 1000))
        except (OSError, TimeoutError) as error:
            if not (talk.offline or talk.over):  # else it was cut from here
                tally.failed("snapshot", "timeout" if isinstance(error, TimeoutError) else "cut")
            return False
        finally:
            self._shot_s = time.monotonic()
        if said.type == "captured":
            tally.took("snapshot", self._shot_s - meant_s, self._shot_s - sent_s)
            return True
        if said.code != ENDED:
            tally.failed("snapshot", f"refused:{said.code}")
        if said.status not in PASSING:
            raise Refused(said.code)
        return False

    async def _post(self, jpeg: bytes, taken_s: float, meant_s: float) -> None:
        if self.done:
            return
        ago_ms = int((time.monotonic() - taken_s) * 1000)
        path = f"/api/attempts/{self.attempt_id}/captures?device={self.device}&why=interval&ago_ms={ago_ms}"
        await self._counter.ask("snapshot", "POST", path, jpeg, meant_s=meant_s, media="image/jpeg", harmless=ENDED)
        self._shot_s = time.monotonic()

    def _come_back(self, left_s: float, for_s: float) -> None:
        """The page was hidden so long; it says so now."""
        if not self.done and self.running:
            self._signals += 1
            now_ms = int(self._stage.wall(time.monotonic()) * 1000)
            sent = {"n": self._signals, "kind": "page_hidden", "for_ms": int(for_s * 1000)}
            sent["at_ms"] = max(0, now_ms - int((time.monotonic() - left_s) * 1000))
            body = {"device": self.device, "now_ms": now_ms, "signals": [sent]}
            self._stage.later(self._signal(msgspec.json.encode(body), left_s + for_s))

    async def _signal(self, body: bytes, meant_s: float) -> None:
        try:
            meant_s = max(meant_s, self._talk.back_s)
            await self._counter.ask(
                "signals", "POST", f"/api/attempts/{self.attempt_id}/signals", body, meant_s=meant_s
            )
        except (Refused, Over):
            return

    # --- another phone ----------------------------------------------------------------------------------------------

    def _new_device(self) -> str:
        self._devices += 1
        return f"load-{self.player}-{self._devices}"

    async def _swap(self, meant_s: float) -> None:
        """The old phone is dead and takes what it had not sent with it. Log in, portrait, take over."""
        self._talk.close(politely=False)
        who = self._stage.cast.players[self.player]
        try:
            if self._script.logs_in and who.password:
                await entry.log_in(self._counter, who, meant_s)
                self.token = self._counter.token
            self.device = self._new_device()
            await entry.portrait(self._counter, self.attempt_id, self.device)
            view, _took_s = await entry.look(self._counter, self.attempt_id, self.device)
            if not self._options:
                await self._fetch_paper(0.0)
        except Refused as refusal:
            if not await self._ended_meanwhile():
                self._end(f"refused:{refusal}")
            return
        except Over:
            self._end("cut_off")
            return
        self.outbox = Outbox(view.last_seq)
        self._signals = 0
        self._bell_set = self._at_zero = False
        self._talk = Talk(self._stage, self, self._script.heartbeat_s)
        self._swapping = False
        self.viewed(view, 0)
        if self.running:
            self._talk.open()
            self._advance()

    async def _ended_meanwhile(self) -> bool:
        """The bell rang between two phones."""
        try:
            view, _took_s = await entry.look(self._counter, self.attempt_id, self.device)
        except (Refused, Over):
            return False
        self._talk.since = 0
        self.viewed(view, 0)
        return view.phase in FINAL

    # --- the end ----------------------------------------------------------------------------------------------------

    def _submitted(self, ending: str) -> None:
        """The server said that it is over."""
        if self.history.ended_at:
            return
        now_s = time.monotonic()
        self.history.ended_at = self._stage.wall(now_s)
        self.history.outcome = ENDINGS.get(ending, f"ended:{ending}")
        self._stop()
        if ending == "time" and self._deadline_s and not self._talk.offline:
            late_s = max(0.0, now_s - self._deadline_s - self._stage.cast.grace_s)
            self._stage.tally.took("bell", late_s, late_s)
        self._stage.clockwork.at(now_s + self._stage.linger_s, lambda: self._stage.later(self._see_result()))

    async def _see_result(self) -> None:
        """What the page shows in the end."""
        try:
            view, _took_s = await entry.look(self._counter, self.attempt_id, self.device, "result")
            if view.phase not in FINAL:
                self.history.lies.append(f"{view.phase} after it was said to be submitted")
        except (Refused, Over):
            pass
        self._end(self.history.outcome)

    def cut_off(self) -> None:
        """The run ends before he does."""
        self._end(self.history.outcome or "cut_off")

    def _stop(self) -> None:
        if self.running:
            self._stage.tally.open -= 1
        self.running = False
        self._step = None

    def _end(self, outcome: str) -> None:
        """Nothing more will happen: the history is written and forgotten."""
        if self.done:
            return
        self.done = True
        self._stop()
        self._talk.close()
        self.history.outcome = outcome
        self._stage.written(self.history)


def _command(sent: Sent) -> bytes:
    match sent.kind:
        case "answer":
            return b'{"type":"answer","seq":%d,"no":%d,"choice":"%s"}' % (sent.seq, sent.no, sent.choice.encode())
        case "clear":
            return b'{"type":"clear","seq":%d,"no":%d}' % (sent.seq, sent.no)
        case "mark":
            on = b"true" if sent.choice == "on" else b"false"
            return b'{"type":"mark_for_later","seq":%d,"no":%d,"on":%s}' % (sent.seq, sent.no, on)
        case _:
            return b'{"type":"hand_in","seq":%d}' % sent.seq
