/**
 * One attempt in this browser: the machine between the pages, the line and the browser's database.
 *
 * The server's view is folded from its events; what the physician did and the server has not yet acknowledged lies
 * on top (his own word wins until then). The pages call `choose`, `handIn`, … and draw `state`.
 */
import { Countdown } from '@shared/countdown'
import type { Body, FrameDown } from '@shared/frames'
import { asProblem, Problem } from '@shared/problem'
import type { AttemptView, Captured, Clock, Facts, PaperView } from '@shared/shapes'
import { adopt, forgetRow } from './adoption'
import { NotCarried, type Shot } from './carrying'
import type { Drawer, KeptView, Row } from './drawer'
import { answersOf, apply, FINAL, marksOf, saved, touchedOf } from './fold'
import type { Line, LineHandlers, LineState } from './line'
import { Outbox } from './outbox'
import { Plain } from './plain'
import { signOf, stageOf, type ExamState, type Saying } from './state'

export interface Server {
  view(attempt: number, device: string): Promise<AttemptView>
  paper(attempt: number, device: string): Promise<PaperView>
  line(attempt: number, device: string, handlers: LineHandlers): OpenLine
}

export type OpenLine = Pick<Line, 'open' | 'close' | 'kick' | 'look' | 'carry'>

export interface Devices {
  claim(attempt: number): Promise<string>
  renew(attempt: number): Promise<string>
}

const TICK_MS = 1_000
const KEEP_VIEW_MS = 400
const UNKNOWN_HOLD_MS = 3_000
const PAPER_RETRY_MS = 3_000
const PAPER_COMES_MS = 3_000 // the paper comes with the start; later than this it is asked for
const LOOK_AGAIN_MS = 1_500
const ASK_AFTER_MS = 2_000 // the bell rings by itself when the grace is over: who hears nothing of it asks, ...
const ASK_SPREAD_MS = 3_000 // ... but not all who sit together in the same moment
const ASK_AGAIN_MS = 5_000
const LINGER_MS = 60_000 // after the end the line stays this long, for late answers and a score released at once

export class ExamSession {
  readonly countdown = new Countdown()
  private device = ''
  private view: AttemptView | null = null
  private paper: PaperView | null = null
  private outbox: Outbox | null = null
  private line: OpenLine | null = null
  private lineState: LineState = 'connecting'
  private trouble: Problem | null = null
  private lostToAnother = false
  private readonly acknowledged = new Set<number>()
  private readonly plain = new Plain()
  private lost: Row[] = []
  private saying: Saying | null = null
  private timeIsUp = false
  /** When to ask how it ended, by `performance.now()`; 0 while time is left. */
  private askAt = 0
  /** The view came from the server in the life of this page, not from the browser's copy. */
  private fresh = false
  private handedIn = false
  private askedForScore = false
  private adopted = false
  private fetchingPaper = false
  private paperComes = false
  private paperCame: () => void = () => undefined
  private closed = false
  private ticker: ReturnType<typeof setInterval> | undefined
  private keeping: ReturnType<typeof setTimeout> | undefined
  private lingering: ReturnType<typeof setTimeout> | undefined

  constructor(
    readonly attempt: number,
    private readonly server: Server,
    private readonly drawer: Drawer,
    private readonly devices: Devices,
    private readonly changed: (state: ExamState) => void,
    private readonly random: () => number = Math.random,
  ) {}

  // --- life --------------------------------------------------------------------------------------------------

  async open(): Promise<void> {
    this.device = await this.devices.claim(this.attempt)
    await this.begin()
    this.ticker = setInterval(() => this.tick(), TICK_MS)
  }

  close(): void {
    this.closed = true
    clearInterval(this.ticker)
    clearTimeout(this.keeping)
    clearTimeout(this.lingering)
    this.line?.close()
  }

  /** After being superseded: a new name, so that numbers of before can't be mistaken for numbers of now. */
  async retake(): Promise<void> {
    this.line?.close()
    this.device = await this.devices.renew(this.attempt)
    this.view = null
    this.lostToAnother = false
    this.adopted = false
    await this.begin()
  }

  /** Look again at what the server has (after a portrait, or when somebody presses "try again"). */
  async refresh(): Promise<void> {
    const askedAt = performance.now()
    try {
      this.take(await this.server.view(this.attempt, this.device), askedAt)
      this.trouble = null
      if (!this.line) this.connect()
    } catch (error) {
      const problem = asProblem(error)
      if (!problem.passing || !this.view) this.trouble = problem
    }
    this.draw()
  }

  /** The page is seen again: its clock may have slept. */
  look(): void {
    this.line?.look()
  }

  /** Send a picture over the line's socket. Rejects with NotCarried when it must go another way. */
  async carry(shot: Shot): Promise<Captured> {
    if (!this.line) throw new NotCarried()
    return this.line.carry(shot)
  }

  private async begin(): Promise<void> {
    const kept = await this.drawer.view(this.attempt).catch(() => undefined)
    const mine = kept?.device === this.device ? kept : undefined
    this.outbox = new Outbox(this.attempt, this.device, this.drawer, () => this.draw())
    const asked = performance.now()
    try {
      const view = await this.server.view(this.attempt, this.device)
      await this.outbox.open(view.last_seq)
      this.trouble = null
      this.take(view, asked)
    } catch (error) {
      const problem = asProblem(error)
      if (!problem.passing || !mine) return this.fail(problem)
      await this.outbox.open(mine.view.last_seq)
      this.view = mine.view
      this.countdown.tell(offlineClock(mine))
      this.reconcile()
    }
    this.connect()
    this.draw()
  }

  private fail(problem: Problem): void {
    this.trouble = problem
    this.draw()
  }

  private connect(): void {
    if (this.closed) return
    this.line?.close()
    this.lineState = 'connecting'
    if (this.view?.phase === 'released' || this.view?.phase === 'annulled') return
    this.line = this.server.line(this.attempt, this.device, {
      since: () => (this.fresh ? (this.view?.version ?? 0) : 0),
      take: () => (this.holds ? [...this.plain.take(), ...(this.outbox?.take() ?? [])] : []),
      frame: (frame, askedAt) => this.hear(frame, askedAt),
      state: (state) => this.lineBecame(state),
      broken: () => this.unsay(),
      stale: () => void this.refresh(),
      over: (problem) => this.over(problem),
    })
    this.line.open()
  }

  private get holds(): boolean {
    return this.view?.device === 'mine'
  }

  // --- what the physician does -----------------------------------------------------------------------------------

  choose(no: number, choice: string): void {
    if (choice) this.say({ type: 'answer', no, choice })
    else this.say({ type: 'clear', no })
  }

  mark(no: number, on: boolean): void {
    this.say({ type: 'mark_for_later', no, on })
  }

  handIn(): void {
    this.say({ type: 'hand_in' })
  }

  start(): void {
    this.paperComes = true
    this.plain.want({ type: 'start', paper: true })
    this.draw()
  }

  acknowledge(notice: number): void {
    this.acknowledged.add(notice)
    this.plain.want({ type: 'acknowledge', notice })
    this.draw()
  }

  /** Seen: the list of what could not be delivered any more. */
  async dismissLost(): Promise<void> {
    const rows = this.lost
    this.lost = []
    for (const row of rows) await forgetRow(this.drawer, row)
    this.draw()
  }

  private say(body: Body): void {
    if (!this.outbox || this.outbox.stopped || this.view?.phase !== 'running' || this.handingIn || this.timeIsUp) return
    this.outbox.add(body)
  }

  private get handingIn(): boolean {
    return this.handedIn || (this.outbox?.waiting.some((command) => command.type === 'hand_in') ?? false)
  }

  // --- what the server says --------------------------------------------------------------------------------------

  private hear(frame: FrameDown, askedAt: number | null): void {
    switch (frame.type) {
      case 'welcome':
        this.unsay()
        if (frame.view) this.take(frame.view, null)
        else if (this.view) {
          this.clock(frame.clock, null)
          this.take({ ...this.view, version: frame.version, last_seq: frame.last_seq, clock: frame.clock }, null)
        }
        break
      case 'told':
        if (this.view && frame.version > this.view.version) {
          this.clock(frame.clock, askedAt)
          this.tellOf(frame.event)
          const before = this.view
          this.view = apply(before, frame, this.device)
          this.reconcile(before)
        }
        break
      case 'ack':
        this.settle(frame.seq, frame.result)
        break
      case 'rejected':
        this.turnedDown(frame.code, frame.seq ?? 0, frame.facts ?? {})
        break
      case 'pong':
        this.clock(frame.clock, askedAt)
        break
      case 'paper':
        this.keepPaper({ attempt_id: frame.attempt_id, items: frame.items })
        this.noPaperComes()
        break
      case 'bye':
        if (frame.code === 'superseded') this.fenced()
    }
    this.draw()
  }

  private settle(seq: number, result: string): void {
    const command = this.outbox?.waiting.find((one) => one.seq === seq)
    if (command && this.view && result !== 'late') this.view = saved(this.view, command)
    if (result === 'late') this.speak('came_late', command && 'no' in command ? { no: command.no } : {})
    if (command?.type === 'hand_in') {
      this.handedIn = true // until its event says how it ended
      setTimeout(() => this.lookIfHandedIn(), LOOK_AGAIN_MS)
    }
    this.outbox?.acknowledged(seq)
    this.reconcile()
  }

  private turnedDown(code: string, seq: number, facts: Facts): void {
    if (seq === 0) return this.plainTurnedDown(code, facts)
    const verdict = this.outbox?.rejected(code, seq, facts)
    if (verdict?.kind === 'fenced' && code !== 'annulled') this.fenced()
    if (verdict?.kind === 'unknown') setTimeout(() => this.outbox?.release(), UNKNOWN_HOLD_MS)
    if (verdict?.kind === 'waiting') setTimeout(() => this.lookIfHeld(), LOOK_AGAIN_MS)
    if (verdict?.kind !== 'dropped') return
    if (code !== 'already_submitted') {
      const no = 'no' in verdict.command ? verdict.command.no : 0
      this.speak(code, { ...facts, no })
    }
    void this.refresh()
  }

  private lookIfHandedIn(): void {
    if (!this.handedIn || this.closed) return
    void this.refresh().then(() => {
      this.handedIn = false
      this.draw()
    })
  }

  /** Held back by something the view knows nothing of: its end would be missed too, so look. */
  private lookIfHeld(): void {
    const known = this.view?.paused || this.view?.identity_locked
    if (this.outbox?.hold && !known && !this.closed) void this.refresh()
  }

  private plainTurnedDown(code: string, facts: Facts): void {
    if (code === 'no_such_notice') this.plain.drop('acknowledge')
    else if (this.plain.wants('start')) {
      this.plain.drop('start')
      this.speak(code, facts)
    }
    if (code === 'superseded' || code === 'portrait_needed') this.fenced()
  }

  /** Another device holds the attempt now. Its events tell us too, but a refusal may come first. */
  private fenced(): void {
    if (!this.view || FINAL.includes(this.view.phase)) return
    if (this.view.phase === 'running') this.lostToAnother = true
    this.outbox?.stop('superseded')
    this.view = { ...this.view, device: 'other' }
    this.reconcile()
  }

  private take(view: AttemptView, askedAt: number | null): void {
    if (this.view && view.version < this.view.version) return
    const before = this.view
    this.view = view
    this.fresh = true
    this.clock(view.clock, askedAt)
    this.reconcile(before)
  }

  /** After any change of the view: do what follows from it. Everything here may be done again harmlessly. */
  private reconcile(before: AttemptView | null = null): void {
    const view = this.view
    if (!view || !this.outbox) return
    if (before?.device === 'mine' && view.device === 'other' && view.phase === 'running') return this.fenced()
    this.plain.settle(view)
    if (!view.paused && !view.identity_locked && view.phase === 'running') this.outbox.release()
    if (this.holds) this.outbox.align(view.last_seq)
    if (view.phase === 'running' && this.holds) {
      if (this.fresh) void this.adopt()
      void this.loadPaper()
    }
    if (view.phase === 'released' && !view.score && !this.askedForScore) {
      this.askedForScore = true
      void this.refresh()
    }
    if (FINAL.includes(view.phase)) this.ended(view)
    else this.keepSoon()
  }

  private ended(view: AttemptView): void {
    clearTimeout(this.keeping)
    this.timeIsUp = false
    this.handedIn = false
    this.plain.clear()
    if (view.phase === 'annulled') this.outbox?.stop('annulled')
    void this.drawer.clear(this.attempt).catch(() => undefined)
    this.lingering ??= setTimeout(() => this.line?.close(), LINGER_MS)
  }

  private lineBecame(state: LineState): void {
    this.lineState = state
    this.draw()
  }

  /** Whatever the line carried may be lost; saying it again is harmless. */
  private unsay(): void {
    this.plain.unsay()
    this.noPaperComes()
    this.outbox?.disconnected()
  }

  private over(problem: Problem): void {
    this.line?.close()
    this.line = null
    this.lineState = 'down'
    this.trouble = problem.status > 0 ? problem : new Problem('not_logged_in', 401)
    this.draw()
  }

  // --- the rest --------------------------------------------------------------------------------------------------

  private clock(clock: Clock | null, askedAt: number | null): void {
    this.countdown.tell(clock, askedAt ?? performance.now())
    if (this.countdown.left() === 0) return
    this.timeIsUp = false
    this.askAt = 0
    this.plain.drop('time_up')
  }

  private tick(): void {
    const running = this.view?.phase === 'running' && this.holds
    if (!running || !this.countdown.known || !this.countdown.ticking || this.countdown.left() > 0) return
    this.timeIsUp = true
    const now = performance.now()
    if (this.askAt === 0) {
      const grace = (this.view?.grace_s ?? 0) * 1_000
      this.askAt = now + grace + ASK_AFTER_MS + this.random() * ASK_SPREAD_MS
    } else if (now >= this.askAt) {
      this.askAt = now + ASK_AGAIN_MS // until somebody says how it ended
      this.plain.want({ type: 'time_up' })
    }
    this.draw()
  }

  private async adopt(): Promise<void> {
    if (this.adopted || !this.outbox || !this.view) return
    this.adopted = true
    this.lost = await adopt(this.drawer, this.outbox, this.view)
    this.draw()
  }

  private async loadPaper(): Promise<void> {
    if (this.paper || this.fetchingPaper) return
    this.fetchingPaper = true
    const kept = await this.drawer.paper(this.attempt).catch(() => undefined)
    this.paper ??= kept ?? null
    if (!this.paper && this.paperComes) await this.paperWithStart()
    while (!this.paper && !this.closed && this.view?.phase === 'running' && this.holds) {
      try {
        this.keepPaper(await this.server.paper(this.attempt, this.device))
      } catch (error) {
        const problem = asProblem(error)
        if (!problem.passing && problem.status !== 409) this.trouble = problem
        await new Promise((resolve) => setTimeout(resolve, PAPER_RETRY_MS))
      }
    }
    this.fetchingPaper = false
    this.draw()
  }

  private keepPaper(paper: PaperView): void {
    this.paper = paper
    void this.drawer.keepPaper(paper).catch(() => undefined)
  }

  /** Until the paper is there, its line is broken, or it has taken too long. */
  private async paperWithStart(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.paperCame = resolve
      setTimeout(resolve, PAPER_COMES_MS)
    })
    this.paperComes = false
  }

  private noPaperComes(): void {
    this.paperComes = false
    this.paperCame()
  }

  private keepSoon(): void {
    clearTimeout(this.keeping)
    this.keeping = setTimeout(() => {
      const { view, device, attempt } = this
      if (!view || !this.holds) return
      const { ticking } = this.countdown
      const kept = { attempt, device, view, ticking, left_ms: this.countdown.left(), kept_at: Date.now() }
      void this.drawer.keepView(kept).catch(() => undefined)
    }, KEEP_VIEW_MS)
  }

  private tellOf(event: { type: string; seconds?: number; reason?: string }): void {
    if (event.type === 'extended') this.speak('extended', { minutes: Math.round((event.seconds ?? 0) / 60) })
    if (event.type === 'resumed') this.speak('resumed', {})
  }

  private speak(code: string, facts: Facts): void {
    this.saying = { id: (this.saying?.id ?? 0) + 1, code, facts }
  }

  private draw(): void {
    if (this.closed) return
    this.line?.kick()
    this.changed(this.state)
  }

  get state(): ExamState {
    const { view, outbox } = this
    const waiting = outbox?.waiting ?? []
    return {
      stage: this.trouble ? 'trouble' : view ? stageOf(view, this.lostToAnother) : 'loading',
      device: this.device,
      view,
      paper: this.paper,
      answers: view ? answersOf(view, waiting) : new Map<number, string>(),
      marks: view ? marksOf(view, waiting) : new Set<number>(),
      touched: view ? touchedOf(view, waiting) : new Set<number>(),
      line: this.lineState,
      sign: signOf(this.lineState, waiting.length, Boolean(outbox?.hold)),
      pending: waiting.length,
      memoryOnly: outbox?.memoryOnly ?? false,
      handingIn: this.handingIn,
      starting: this.plain.wants('start'),
      acknowledged: this.acknowledged,
      timeIsUp: this.timeIsUp,
      ticking: this.countdown.ticking,
      trouble: this.trouble,
      lost: this.lost.map((row) => row.command),
      saying: this.saying,
    }
  }
}

/** With no network after a reload the phone's own clock is the only hint; the server's next word replaces it. */
function offlineClock({ left_ms, kept_at, ticking }: KeptView): Clock {
  const passed = ticking ? Math.max(0, Date.now() - kept_at) : 0
  return { remaining_ms: Math.max(0, left_ms - passed), ticking }
}
