/**
 * What this account has looked at, and whether anything is new since.
 *
 * The server keeps when (over devices and reloads); this page also keeps what stood out then, because being offline or
 * paused is no news of proctoring and so has no instant of its own.
 */

import type { Tile } from '../wire'

interface Look {
  atMs: number
  /** What stood out when this page looked; null when only the server's word is known. */
  flags: ReadonlySet<string> | null
}

export class LookBook {
  private readonly looks = new Map<number, Look>()

  /** The server's list: it never takes back what this page knows better. */
  hear(looked: Readonly<Record<string, string>>): void {
    for (const [id, at] of Object.entries(looked)) {
      const atMs = Date.parse(at)
      const held = this.looks.get(Number(id))
      if (held === undefined || atMs > held.atMs) this.looks.set(Number(id), { atMs, flags: held?.flags ?? null })
    }
  }

  /** This page looked at the candidate as he stands. */
  note(tile: Tile, atMs: number): void {
    const held = this.looks.get(tile.attempt_id)
    this.looks.set(tile.attempt_id, { atMs: Math.max(atMs, held?.atMs ?? atMs), flags: new Set(tile.flags) })
  }

  /** Milliseconds of the server's time, 0: never. */
  atMs(attemptId: number): number {
    return this.looks.get(attemptId)?.atMs ?? 0
  }

  /** Something stands out that this account has not seen. */
  hasNews(tile: Tile): boolean {
    if (tile.attention <= 0) return false
    const look = this.looks.get(tile.attempt_id)
    if (look === undefined) return true
    if (tile.changed_at !== null && Date.parse(tile.changed_at) > look.atMs) return true
    const known = look.flags
    return known !== null && tile.flags.some((flag) => !known.has(flag))
  }

  /** The rank on the wall, higher first: whoever was looked at sinks below all news until something new happens. */
  rank(tile: Tile): number {
    return tile.attention + (this.hasNews(tile) ? NEWS : 0)
  }
}

const NEWS = 100_000 // above every sum of flags and risk the server can give
