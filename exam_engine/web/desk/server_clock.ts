/**
 * The server's time, as this machine can know it.
 *
 * Only differences of the monotonic clock are used: a wrong or stepped wall clock of the desk changes nothing.
 * Every word of the server was under way for a while, so the latest instant a sample proves is the best
 * estimate; a sample far off means this machine slept, and then the sample is right and the estimate is not.
 */

const STEP_MS = 3_000

export class ServerClock {
  private offsetMs: number | null = null

  hear(nowIso: string, monotonicMs: number): void {
    const sample = Date.parse(nowIso) - monotonicMs
    if (Number.isNaN(sample)) return
    const far = this.offsetMs === null || Math.abs(sample - this.offsetMs) > STEP_MS
    this.offsetMs = far ? sample : Math.max(this.offsetMs ?? sample, sample)
  }

  /** Milliseconds since the epoch, or null while the server has not been heard. */
  now(monotonicMs: number): number | null {
    return this.offsetMs === null ? null : this.offsetMs + monotonicMs
  }
}
