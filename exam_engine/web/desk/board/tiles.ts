/**
 * The board as this desk holds it: the newest word on every attempt, keyed by attempt.
 *
 * A word is older when its version is lower: socket and polling may overtake each other. Equal versions are
 * taken, because presence changes without a new version. An unchanged tile keeps its identity as an object, so
 * that a card that has nothing new to show is not drawn again.
 */

import type { Tile } from '../wire'

export interface Change {
  /** Something differs from before. */
  changed: boolean
  /** A tile appeared or vanished: the order must be made anew. */
  reshaped: boolean
  /** Candidates who began to wait for an identity decision with this word. */
  waiting: Tile[]
  /** Whose tiles differ from before, those that are gone included. */
  touched: number[]
}

export class TileStore {
  private readonly byAttempt = new Map<number, Tile>()

  get size(): number {
    return this.byAttempt.size
  }

  get(attemptId: number): Tile | undefined {
    return this.byAttempt.get(attemptId)
  }

  all(): IterableIterator<Tile> {
    return this.byAttempt.values()
  }

  /** A whole board: what it does not name is gone. */
  replace(tiles: readonly Tile[]): Change {
    const named = new Set(tiles.map((tile) => tile.attempt_id))
    const gone = [...this.byAttempt.keys()].filter((attemptId) => !named.has(attemptId))
    for (const attemptId of gone) this.byAttempt.delete(attemptId)
    const change = this.merge(tiles)
    if (gone.length === 0) return change
    return { ...change, changed: true, reshaped: true, touched: [...gone, ...change.touched] }
  }

  merge(tiles: readonly Tile[]): Change {
    const change: Change = { changed: false, reshaped: false, waiting: [], touched: [] }
    for (const tile of tiles) this.take(tile, change)
    return change
  }

  private take(tile: Tile, change: Change): void {
    const held = this.byAttempt.get(tile.attempt_id)
    if (held !== undefined && (tile.version < held.version || sameTile(held, tile))) return
    this.byAttempt.set(tile.attempt_id, tile)
    change.changed = true
    change.touched.push(tile.attempt_id)
    if (held === undefined) change.reshaped = true
    if (tile.identity === 'waiting' && held?.identity !== 'waiting') change.waiting.push(tile)
  }
}

export function sameTile(one: Tile, other: Tile): boolean {
  for (const key of Object.keys(one) as (keyof Tile)[]) {
    if (key !== 'flags' && one[key] !== other[key]) return false
  }
  return one.flags.length === other.flags.length && one.flags.every((flag, index) => flag === other.flags[index])
}
