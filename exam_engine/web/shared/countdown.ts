/**
 * The time left, as the server last said it, minus what has passed on this device since.
 *
 * Only differences of one steady clock are used (`performance.now()`), so a wrong date on the phone changes
 * nothing. `at` is the instant the question was asked where there was a question: the drawn time is then never
 * more generous than the server's. Between two words of the server it only ever falls.
 */
import type { Clock } from './shapes'

export class Countdown {
  private word: { remaining: number; ticking: boolean; at: number } | null = null
  private drawn = Number.POSITIVE_INFINITY

  constructor(private readonly now: () => number = () => performance.now()) {}

  tell(clock: Clock | null, at = this.now()): void {
    this.word = clock && { remaining: clock.remaining_ms, ticking: clock.ticking, at: Math.min(at, this.now()) }
    this.drawn = Number.POSITIVE_INFINITY
  }

  get known(): boolean {
    return this.word !== null
  }

  get ticking(): boolean {
    return this.word?.ticking ?? false
  }

  left(): number {
    if (!this.word) return 0
    const passed = this.word.ticking ? this.now() - this.word.at : 0
    this.drawn = Math.max(0, Math.min(this.drawn, this.word.remaining - Math.max(0, passed)))
    return this.drawn
  }
}
