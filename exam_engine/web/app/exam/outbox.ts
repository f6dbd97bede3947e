/**
 * Numbered commands on their way to the server, in order and never lost.
 *
 * Every command is written to the browser's database before it is sent, and stays there until the server has
 * said what became of it. Up to `WINDOW` are under way at once. When one is turned down, those sent after it are
 * turned down too (`seq_gap`), so we wait until all answers are in and go back: no storm, no overtaking.
 *
 * The rule of numbers is the server's (exam_engine/attempt.py): no gaps; a temporary refusal leaves the command
 * waiting, a permanent one drops it and its number is used again.
 */
import type { Body, Numbered } from '@shared/frames'
import type { Facts } from '@shared/shapes'
import type { Drawer } from './drawer'

export const WINDOW = 20

const TEMPORARY = new Set(['paused', 'identity_locked', 'not_started'])
const FENCED = new Set(['superseded', 'portrait_needed', 'annulled'])
const PERMANENT = new Set([
  'no_such_item',
  'no_such_option',
  'one_option_only',
  'no_way_back',
  'seq_reused',
  'already_submitted',
  'too_many_late',
])

/** What a refusal came to: `dropped` is gone for good, `unknown` is kept and to be tried again later. */
export type Verdict =
  | { kind: 'waiting' | 'rewound' | 'unknown' }
  | { kind: 'fenced'; code: string }
  | { kind: 'dropped'; code: string; command: Numbered }

export class Outbox {
  private queue: Numbered[] = []
  private lastSeq = 0
  private sentUpTo = 0
  private durableUpTo = 0
  private epoch = 0
  private writing: Promise<void> = Promise.resolve()
  private readonly underWay = new Set<number>()
  private rewinding = false
  hold: string | null = null
  stopped: string | null = null
  /** The database can't be had: commands live in this page only, and the page says so. */
  memoryOnly = false

  constructor(
    private readonly attempt: number,
    readonly device: string,
    private readonly drawer: Drawer,
    private readonly changed: () => void,
  ) {}

  get waiting(): readonly Numbered[] {
    return this.queue
  }

  /** Whether everything waiting is also written down. */
  get durable(): boolean {
    return this.durableUpTo >= this.lastSeq + this.queue.length
  }

  /** Take up what this very device left behind (a reload), following `lastSeq` when it left nothing. */
  async open(lastSeq: number): Promise<void> {
    const rows = await this.drawer.commands(this.attempt).catch(() => [])
    this.queue = rows.filter((row) => row.device === this.device && !row.lost).map((row) => row.command)
    const first = this.queue[0]
    this.lastSeq = first ? first.seq - 1 : lastSeq
    this.sentUpTo = this.lastSeq
    this.durableUpTo = this.lastSeq + this.queue.length
  }

  add(body: Body): void {
    const command: Numbered = { ...body, seq: this.lastSeq + this.queue.length + 1 }
    this.queue.push(command)
    this.write(() => this.drawer.put(this.attempt, this.device, command), command.seq)
    this.changed()
  }

  /** What may be sent now; from here on it counts as under way. */
  take(): Numbered[] {
    if (this.stopped || this.hold || this.rewinding) return []
    const out: Numbered[] = []
    for (const command of this.queue) {
      if (command.seq <= this.sentUpTo) continue
      if (command.seq > this.durableUpTo || this.underWay.size >= WINDOW) break
      this.underWay.add(command.seq)
      this.sentUpTo = command.seq
      out.push(command)
    }
    return out
  }

  /** The line broke: nobody knows what arrived, so all of it is sent again. A retry is harmless. */
  disconnected(): void {
    this.underWay.clear()
    this.rewinding = false
    this.sentUpTo = this.lastSeq
  }

  /** The server has everything up to `lastSeq`. */
  align(lastSeq: number): void {
    if (lastSeq <= this.lastSeq) return
    this.delivered(lastSeq)
    this.settle()
  }

  acknowledged(seq: number): void {
    this.underWay.delete(seq)
    if (seq > this.lastSeq) this.delivered(seq)
    this.settle()
    this.changed()
  }

  rejected(code: string, seq: number, facts: Facts): Verdict {
    this.underWay.delete(seq)
    const verdict = this.judge(code, seq, facts)
    this.settle()
    this.changed()
    return verdict
  }

  /** What held the commands back is over. */
  release(): void {
    if (!this.hold) return
    this.hold = null
    this.settle()
    this.changed()
  }

  stop(code: string): void {
    this.stopped = code
    this.underWay.clear()
    this.changed()
  }

  /** Resolves when all that was said so far is written down. */
  written(): Promise<void> {
    return this.writing
  }

  private judge(code: string, seq: number, facts: Facts): Verdict {
    if (FENCED.has(code)) {
      this.stop(code)
      return { kind: 'fenced', code }
    }
    this.rewinding = true
    if (code === 'seq_gap') {
      this.follow(typeof facts['expected'] === 'number' ? facts['expected'] - 1 : this.lastSeq)
      return { kind: 'rewound' }
    }
    const command = this.queue.find((one) => one.seq === seq)
    if (PERMANENT.has(code) && command) {
      this.queue = code === 'too_many_late' ? [] : this.queue.filter((one) => one !== command)
      this.renumber()
      return { kind: 'dropped', code, command }
    }
    if (PERMANENT.has(code)) return { kind: 'rewound' } // an old echo of something already settled
    this.hold = code
    return { kind: TEMPORARY.has(code) ? 'waiting' : 'unknown' }
  }

  private follow(lastSeq: number): void {
    if (lastSeq > this.lastSeq) this.delivered(lastSeq)
    else if (lastSeq < this.lastSeq) {
      this.lastSeq = lastSeq
      this.renumber()
    }
  }

  private delivered(upTo: number): void {
    const rest = this.queue.filter((one) => one.seq > upTo)
    const moved = this.queue.length > 0 && rest.length === 0
    this.queue = rest
    this.lastSeq = upTo
    this.sentUpTo = Math.max(this.sentUpTo, upTo)
    this.durableUpTo = Math.max(this.durableUpTo, upTo)
    if (moved || rest.length > 0) this.write(() => this.drawer.forget(this.attempt, this.device, upTo))
  }

  private renumber(): void {
    this.queue = this.queue.map((one, index) => ({ ...one, seq: this.lastSeq + 1 + index }))
    this.epoch += 1
    this.durableUpTo = this.lastSeq
    const queue = this.queue
    this.write(() => this.drawer.rewrite(this.attempt, this.device, queue), this.lastSeq + queue.length)
  }

  private settle(): void {
    if (!this.rewinding || this.underWay.size > 0) return
    this.rewinding = false
    this.sentUpTo = this.lastSeq
  }

  /** Writes go one after the other; one of an older numbering no longer says what is durable. */
  private write(work: () => Promise<void>, upTo = 0): void {
    const epoch = this.epoch
    this.writing = this.writing
      .then(work)
      .catch(() => {
        this.memoryOnly = true
      })
      .then(() => {
        if (epoch === this.epoch && upTo > this.durableUpTo) {
          this.durableUpTo = upTo
          this.changed()
        }
      })
  }
}
