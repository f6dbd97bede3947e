/**
 * Verdicts that can be taken back for a moment: the server hears of them after the hold, or at once on leaving.
 *
 * A verdict names the incidents that were on the screen: what came in since has been seen by nobody.
 */

import { asProblem, type Problem } from '@shared/problem'
import type { Verdict } from './shapes'

export const HOLD_MS = 5_000

export interface Held {
  attemptId: number
  name: string
  verdict: Verdict
  incidentIds: readonly number[]
}

export interface Ports {
  send(held: Held): Promise<unknown>
  changed(): void
  /** The server said no, or nobody answered: the incidents are as open as before. */
  failed(held: Held, problem: Problem): void
}

export class Verdicts {
  private readonly waiting = new Map<Held, ReturnType<typeof setTimeout>>()

  constructor(private readonly ports: Ports) {}

  put(held: Held): void {
    this.waiting.set(
      held,
      setTimeout(() => void this.send(held), HOLD_MS),
    )
    this.ports.changed()
  }

  /** The newest that can still be taken back. */
  get newest(): Held | null {
    return [...this.waiting.keys()].pop() ?? null
  }

  isHeld(incidentId: number): boolean {
    return [...this.waiting.keys()].some((held) => held.incidentIds.includes(incidentId))
  }

  undo(): Held | null {
    const held = this.newest
    if (held === null) return null
    clearTimeout(this.waiting.get(held))
    this.waiting.delete(held)
    this.ports.changed()
    return held
  }

  /** Send everything now: the page goes, or the wall is left. */
  flush(): Promise<void> {
    const all = [...this.waiting.keys()]
    for (const timer of this.waiting.values()) clearTimeout(timer)
    return Promise.all(all.map((held) => this.send(held))).then(() => undefined)
  }

  private async send(held: Held): Promise<void> {
    clearTimeout(this.waiting.get(held))
    if (!this.waiting.delete(held)) return
    try {
      await this.ports.send(held)
    } catch (error) {
      this.ports.failed(held, asProblem(error))
    }
    this.ports.changed()
  }
}
