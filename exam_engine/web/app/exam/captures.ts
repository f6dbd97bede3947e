/**
 * Pictures taken during the exam: when the server said, and at moments that matter; sent one after the other, and
 * kept when they can't be. Answers always go first (`mayGo`).
 *
 * The server says with each picture it takes when the next one is due; while it can't be reached the last word holds.
 * At most KEPT_MAX wait, the newest ones; each knows when it was taken.
 */
import { asProblem } from '@shared/problem'
import type { Captured } from '@shared/shapes'

export type CaptureWhy = 'interval' | 'start' | 'again' | 'back' | 'hand_in'

export interface KeptCapture {
  id: string
  attempt: number
  why: CaptureWhy
  at_ms: number
  jpeg: ArrayBuffer
}

export interface CaptureShelf {
  captures(attempt: number): Promise<KeptCapture[]>
  keepCapture(capture: KeptCapture): Promise<void>
  dropCapture(id: string): Promise<void>
}

export interface CaptureOutside {
  shelf: CaptureShelf
  /** A picture, or null while there is none to be had. */
  shoot: () => Promise<Blob | null>
  send: (why: CaptureWhy, agoMs: number, jpeg: Blob) => Promise<Captured>
  /** Whether the line is free: there is one, and no answer waits for it. */
  mayGo: () => boolean
  now?: () => number
}

export const KEPT_MAX = 20
const APART_MS = 1_500 // the server takes no two pictures within a second
const BUSY_LINE_MS = 700
const AWAY_MS = 5_000
const NO_PICTURE_MS = 10_000
const LOOK_MS = 50
const AGO_MAX_MS = 86_400_000

export class Captures {
  private queue: KeptCapture[] = []
  private nextInS = 0
  private running = false
  private sending = false
  private count = 0
  private lastSentAt = Number.NEGATIVE_INFINITY
  private dueTimer: ReturnType<typeof setTimeout> | undefined
  private sendTimer: ReturnType<typeof setTimeout> | undefined
  private readonly now: () => number

  constructor(
    private readonly attempt: number,
    private readonly outside: CaptureOutside,
  ) {
    this.now = outside.now ?? Date.now
  }

  get waiting(): number {
    return this.queue.length
  }

  /** The exam runs: the next picture is due in so many seconds. */
  begin(nextInS: number): void {
    this.running = true
    this.nextInS = nextInS
    this.plan()
  }

  /** No more pictures; those that wait are still sent. */
  stop(): void {
    this.running = false
    clearTimeout(this.dueTimer)
  }

  close(): void {
    this.stop()
    clearTimeout(this.sendTimer)
  }

  /** Take up what an earlier page left unsent. */
  async load(): Promise<void> {
    const kept = await this.outside.shelf.captures(this.attempt).catch(() => [])
    const known = new Set(this.queue.map((one) => one.id))
    this.queue = [...kept.filter((one) => !known.has(one.id)), ...this.queue].sort((a, b) => a.at_ms - b.at_ms)
    this.bound()
    this.soon(0)
  }

  /** Take a picture now; false when there was none to be had. */
  async take(why: CaptureWhy): Promise<boolean> {
    const at = this.now()
    const picture = await this.outside.shoot().catch(() => null)
    if (!picture) return false
    this.count += 1
    const id = `${this.attempt}-${at}-${this.count}`
    const capture = { id, attempt: this.attempt, why, at_ms: at, jpeg: await picture.arrayBuffer() }
    this.queue.push(capture)
    this.outside.shelf.keepCapture(capture).catch(() => undefined)
    this.bound()
    this.soon(0)
    return true
  }

  /** Resolves when nothing waits any more, or can't go now. */
  async sent(): Promise<void> {
    while (this.queue.length > 0 && (this.sending || this.outside.mayGo())) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  }

  /** The line may be free again. */
  nudge(): void {
    this.soon(0)
  }

  private plan(waitMs = this.nextInS * 1000): void {
    clearTimeout(this.dueTimer)
    if (this.running) this.dueTimer = setTimeout(() => void this.due(), waitMs)
  }

  private async due(): Promise<void> {
    const taken = await this.take('interval')
    this.plan(taken ? undefined : NO_PICTURE_MS)
  }

  private bound(): void {
    while (this.queue.length > KEPT_MAX) {
      const [oldest] = this.queue.splice(0, 1)
      if (oldest) this.forget(oldest)
    }
  }

  private soon(waitMs: number): void {
    if (this.sending || this.queue.length === 0) return
    clearTimeout(this.sendTimer)
    const apart = this.lastSentAt + APART_MS - this.now()
    this.sendTimer = setTimeout(() => void this.sendOne(), Math.max(waitMs, apart, 0))
  }

  private async sendOne(): Promise<void> {
    const capture = this.queue[0]
    if (!capture || this.sending) return
    if (!this.outside.mayGo()) return this.soon(BUSY_LINE_MS)
    this.sending = true
    let wait = 0
    try {
      const ago = Math.min(AGO_MAX_MS, Math.max(0, this.now() - capture.at_ms))
      const jpeg = new Blob([capture.jpeg], { type: 'image/jpeg' })
      const { next_in_s } = await this.outside.send(capture.why, ago, jpeg)
      this.nextInS = next_in_s
      this.plan()
      this.done(capture)
    } catch (error) {
      wait = this.failed(capture, asProblem(error))
    }
    this.lastSentAt = this.now()
    this.sending = false
    this.soon(wait)
  }

  /** How long to wait. A picture that will never be taken is dropped; one that came too early waits. */
  private failed(capture: KeptCapture, problem: { passing: boolean; status: number; code: string }): number {
    if (problem.passing || problem.status === 401 || problem.code === 'not_started') return AWAY_MS
    this.done(capture)
    return 0
  }

  private done(capture: KeptCapture): void {
    this.queue = this.queue.filter((one) => one !== capture)
    this.forget(capture)
  }

  private forget(capture: KeptCapture): void {
    this.outside.shelf.dropCapture(capture.id).catch(() => undefined)
  }
}
