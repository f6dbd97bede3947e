/**
 * Looking at candidates, one word to the server after the other: a look that is still under way when its window is
 * left would arrive after the farewell, and claim again whom nobody looks at.
 */

import type { LookOutcome } from './shapes'

export const AGAIN_MS = 20_000 // less than half of what the server grants

export interface Ports {
  look(attemptId: number): Promise<LookOutcome>
  lookAway(attemptId: number): Promise<unknown>
  /** The server has noted the look. */
  looked(attemptId: number, outcome: LookOutcome): void
  /** The last window on the candidate was left. */
  left(attemptId: number): void
}

interface Window {
  open: number
  timer: ReturnType<typeof setInterval>
}

export class Claims {
  private readonly windows = new Map<number, Window>()
  private readonly words = new Map<number, Promise<unknown>>()

  constructor(private readonly ports: Ports) {}

  enter(attemptId: number): void {
    const held = this.windows.get(attemptId)
    if (held !== undefined) {
      held.open += 1
      return
    }
    this.windows.set(attemptId, { open: 1, timer: setInterval(() => this.look(attemptId), AGAIN_MS) })
    this.look(attemptId)
  }

  leave(attemptId: number): void {
    const held = this.windows.get(attemptId)
    if (held === undefined) return
    held.open -= 1
    if (held.open > 0) return
    this.forget(attemptId, held)
    this.say(attemptId, () => (this.windows.has(attemptId) ? Promise.resolve() : this.ports.lookAway(attemptId)))
  }

  /** The page goes: no time to wait for an answer. */
  leaveAll(): void {
    for (const [attemptId, held] of [...this.windows]) {
      this.forget(attemptId, held)
      void this.ports.lookAway(attemptId).catch(() => null) // it ends by itself
    }
  }

  private forget(attemptId: number, held: Window): void {
    clearInterval(held.timer)
    this.windows.delete(attemptId)
    this.ports.left(attemptId)
  }

  private look(attemptId: number): void {
    this.say(attemptId, async () => {
      if (!this.windows.has(attemptId)) return
      const outcome = await this.ports.look(attemptId)
      if (this.windows.has(attemptId)) this.ports.looked(attemptId, outcome)
    })
  }

  /** A word that can't be said is no reason not to look. */
  private say(attemptId: number, word: () => Promise<unknown>): void {
    const before = this.words.get(attemptId) ?? Promise.resolve()
    const mine = before.then(word).catch(() => null)
    this.words.set(attemptId, mine)
    void mine.then(() => this.words.get(attemptId) === mine && this.words.delete(attemptId))
  }
}
