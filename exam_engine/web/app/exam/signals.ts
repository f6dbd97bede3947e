/**
 * What the exam page notices (left, copied, camera away …), on its way to the server: numbered without gaps, in
 * order, kept until taken.
 *
 * Numbers, what still lasts and the last few signals stand in `Ledger` (the tab's own memory, written at once, for a
 * page that goes has no time to write into a database); all of them in the browser's database. A signal may be sent twice: the server knows it by its number. Something that lasts is
 * begun once; later signals of the same episode carry a longer `for_ms`. While a signal has never been sent, a longer
 * one takes its place, so that an hour without network is one signal and not hundreds.
 */
import { asProblem } from '@shared/problem'
import type { SignalBatch, SignalSent, SignalsTaken } from '@shared/shapes'

export type SignalKind =
  | 'page_hidden'
  | 'focus_lost'
  | 'fullscreen_left'
  | 'copy'
  | 'paste'
  | 'cut'
  | 'print'
  | 'screenshot_key'
  | 'camera_muted'
  | 'camera_covered'
  | 'camera_ended'
  | 'network_gap'
  | 'idle'
  | 'page_reloaded'

export interface SignalRow {
  attempt: number
  device: string
  n: number
  signal: SignalSent
}

export interface SignalShelf {
  signals(attempt: number): Promise<SignalRow[]>
  keepSignal(row: SignalRow): Promise<void>
  dropSignals(attempt: number, device: string, upTo: number): Promise<void>
}

/** A few words this tab remembers, written before the call returns. */
export interface Ledger {
  read(): string | null
  write(text: string): void
}

export type PostSignals = (batch: SignalBatch, keepalive: boolean) => Promise<SignalsTaken>

interface Episode {
  n: number
  at: number
}

const nameOf = (row: SignalRow): string => `${row.device} ${row.n}`

const BATCH_MAX = 200
const SOON_MS = 100
const FIRST_WAIT_MS = 2_000
const LONGEST_WAIT_MS = 30_000
const LEDGER_MAX = 30
const APART_MS = 2_000 // a held key repeats
/** Of an earlier page nobody knows when these ended; the first report of each was sent, and that must do. */
const ENDS_WITH_THE_PAGE: readonly SignalKind[] = ['focus_lost', 'camera_muted', 'camera_covered', 'camera_ended', 'idle']

export class Signals {
  private rows: SignalRow[] = []
  private n = 0
  private lasting = new Map<SignalKind, Episode>()
  private readonly tried = new Set<SignalRow>()
  private readonly lastAt = new Map<SignalKind, number>()
  private writing: Promise<void> = Promise.resolve()
  private timer: ReturnType<typeof setTimeout> | undefined
  private online = false
  private busy = false
  private failures = 0
  private closed = false

  constructor(
    private readonly attempt: number,
    private readonly device: string,
    private readonly shelf: SignalShelf,
    private readonly ledger: Ledger,
    private readonly post: PostSignals,
    private readonly told: (taken: SignalsTaken) => void,
    private readonly now: () => number = Date.now,
  ) {
    this.recall()
  }

  /** Whether this device has sent or noted anything before: then this page is not its first. */
  get began(): boolean {
    return this.n > 0
  }

  /** Take up what earlier pages left unsent, of this device and of those before it in this browser. */
  async load(): Promise<void> {
    const kept = await this.shelf.signals(this.attempt).catch(() => [])
    const known = new Set(this.rows.map(nameOf))
    const old = kept.filter((row) => !known.has(nameOf(row)))
    old.forEach((row) => this.tried.add(row))
    const others = old.filter((row) => row.device !== this.device)
    const own = [...old.filter((row) => row.device === this.device), ...this.rows]
    this.rows = [...others, ...own.sort((a, b) => a.n - b.n)]
    this.soon()
  }

  get waiting(): readonly SignalRow[] {
    return this.rows
  }

  isLasting(kind: SignalKind): boolean {
    return this.lasting.has(kind)
  }

  /** Something that happens at one moment. */
  note(kind: SignalKind): void {
    const at = this.now()
    if (at - (this.lastAt.get(kind) ?? -APART_MS) < APART_MS) return
    this.lastAt.set(kind, at)
    this.add(kind, at, 0, 0)
  }

  /** Something that lasts begins, or began at `at`. */
  begin(kind: SignalKind, at = this.now()): void {
    if (this.lasting.has(kind)) return
    this.lasting.set(kind, { n: this.n + 1, at })
    this.add(kind, at, this.now() - at, 0)
  }

  /** It still lasts: say how long by now. */
  extend(kind: SignalKind): void {
    const episode = this.lasting.get(kind)
    if (!episode) return
    const forMs = this.now() - episode.at
    const unsent = this.rows.find((row) => this.isOf(row, episode) && !this.tried.has(row))
    if (!unsent) return this.add(kind, episode.at, forMs, episode.n)
    const longer = { ...unsent, signal: { ...unsent.signal, for_ms: Math.max(forMs, unsent.signal.for_ms ?? 0) } }
    this.rows = this.rows.map((row) => (row === unsent ? longer : row))
    this.remember()
    this.write(() => this.shelf.keepSignal(longer))
  }

  end(kind: SignalKind): void {
    if (!this.lasting.has(kind)) return
    this.extend(kind)
    this.lasting.delete(kind)
    this.remember()
    this.soon()
  }

  /** Call it every quarter of a minute. */
  report(): void {
    for (const kind of this.lasting.keys()) this.extend(kind)
  }

  /** There is a line to the server, or there is none any more. */
  setOnline(online: boolean): void {
    if (online && !this.online) this.failures = 0
    this.online = online
    if (online) this.soon()
  }

  /** The page may be gone in a moment: send everything now, in a way that outlives it. */
  hurry(): void {
    const batch = this.rows.filter((row) => row.device === this.device).slice(0, BATCH_MAX)
    if (batch.length > 0) void this.send(batch, true).catch(() => undefined)
  }

  close(): void {
    this.closed = true
    clearTimeout(this.timer)
  }

  /** Resolves when everything noted so far is written down. */
  written(): Promise<void> {
    return this.writing
  }

  private isOf(row: SignalRow, episode: Episode): boolean {
    return row.device === this.device && (row.signal.episode || row.n) === episode.n
  }

  private add(kind: SignalKind, at: number, forMs: number, episode: number): void {
    this.n += 1
    const signal = { n: this.n, kind, at_ms: at, for_ms: Math.max(0, Math.round(forMs)), episode }
    const row = { attempt: this.attempt, device: this.device, n: this.n, signal }
    this.rows.push(row)
    this.remember()
    this.write(() => this.shelf.keepSignal(row))
    this.soon()
  }

  private soon(wait = SOON_MS): void {
    if (this.closed || this.busy || !this.online || this.rows.length === 0) return
    clearTimeout(this.timer)
    this.timer = setTimeout(() => void this.pump(), wait)
  }

  private async pump(): Promise<void> {
    if (this.busy || this.closed || !this.online) return
    const device = this.rows[0]?.device
    const batch = this.rows.filter((row) => row.device === device).slice(0, BATCH_MAX)
    if (batch.length === 0) return
    this.busy = true
    let wait = SOON_MS
    try {
      await this.send(batch, false)
      this.failures = 0
    } catch (error) {
      wait = this.failed(asProblem(error), batch)
    } finally {
      this.busy = false
    }
    this.soon(wait)
  }

  private async send(batch: SignalRow[], keepalive: boolean): Promise<void> {
    const device = batch[0]?.device ?? this.device
    batch.forEach((row) => this.tried.add(row))
    const signals = batch.map((row) => row.signal)
    const taken = await this.post({ device, now_ms: this.now(), signals }, keepalive)
    this.drop(device, Math.min(taken.n, batch[batch.length - 1]?.n ?? 0))
    this.told(taken)
  }

  /** How long to wait. What the server will never take is dropped, so that it does not stand in the way of the rest. */
  private failed(problem: { passing: boolean; status: number; code: string }, batch: SignalRow[]): number {
    this.failures += 1
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.failures - 1))
    const later = problem.passing || problem.status < 0 || problem.status === 401 || problem.code === 'not_started'
    if (!later) this.drop(batch[0]?.device ?? '', batch[batch.length - 1]?.n ?? 0)
    return wait
  }

  private drop(device: string, upTo: number): void {
    const gone = this.rows.filter((row) => row.device === device && row.n <= upTo)
    gone.forEach((row) => this.tried.delete(row))
    this.rows = this.rows.filter((row) => !gone.includes(row))
    this.remember()
    this.write(() => this.shelf.dropSignals(this.attempt, device, upTo))
  }

  private recall(): void {
    const kept = this.ledger.read()
    if (!kept) return
    const { n, lasting, rows } = JSON.parse(kept) as { n: number; lasting: [SignalKind, Episode][]; rows: SignalRow[] }
    this.n = n
    this.lasting = new Map(lasting.filter(([kind]) => !ENDS_WITH_THE_PAGE.includes(kind)))
    this.rows = rows
    rows.forEach((row) => this.tried.add(row)) // nobody knows whether they were sent
  }

  private remember(): void {
    const rows = this.rows.filter((row) => row.device === this.device).slice(-LEDGER_MAX)
    this.ledger.write(JSON.stringify({ n: this.n, lasting: [...this.lasting], rows }))
  }

  private write(work: () => Promise<void>): void {
    this.writing = this.writing.then(work).catch(() => undefined) // without a database they live in this page only
  }
}
