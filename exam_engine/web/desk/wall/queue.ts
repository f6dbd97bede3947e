/**
 * 巡看: one candidate after the other, the one who needs it most first.
 *
 * First everybody with news, then who still stands out, then the quiet ones, longest not looked at first; so that
 * walking on and on is a round through the whole room. Candidates somebody else is busy with come last. Whoever was
 * seen in this walk comes again only with news.
 */

import { isOver } from '../board/countdown'
import type { Tile } from '../wire'
import type { LookBook } from './looks'

export interface Walk {
  /** In the order seen; the last is on the screen. */
  seen: readonly number[]
  /** Steps taken back from the last. */
  back: number
}

export const NO_WALK: Walk = { seen: [], back: 0 }

export function current(walk: Walk): number | null {
  return walk.seen[walk.seen.length - 1 - walk.back] ?? null
}

export interface Eyes {
  looks: LookBook
  me: string
  nowMs: number
}

/** Go on: forward again after steps back, else to whoever needs it most of `tiles` (in name order). */
export function goOn(walk: Walk, tiles: Iterable<Tile>, eyes: Eyes): Walk {
  if (walk.back > 0) return { ...walk, back: walk.back - 1 }
  const next = mostWanted(tiles, walk, eyes)
  return next === null ? walk : { seen: [...walk.seen.slice(1 - SEEN_MAX), next], back: 0 }
}

export function goBack(walk: Walk): Walk {
  return walk.back + 1 < walk.seen.length ? { ...walk, back: walk.back + 1 } : walk
}

/** Straight to one candidate. */
export function goTo(walk: Walk, attemptId: number): Walk {
  return current(walk) === attemptId ? walk : { seen: [...walk.seen.slice(1 - SEEN_MAX), attemptId], back: 0 }
}

const SEEN_MAX = 20_000

/** Whom a walk would come to next; null when everybody has been seen. */
export function mostWanted(tiles: Iterable<Tile>, walk: Walk, eyes: Eyes): number | null {
  const seen = new Set(walk.seen)
  const here = current(walk)
  let best: { id: number; key: readonly number[] } | null = null
  for (const tile of tiles) {
    if (tile.attempt_id === here || isDone(tile)) continue
    const news = eyes.looks.hasNews(tile)
    if (seen.has(tile.attempt_id) && !news) continue
    const key = [busyElsewhere(tile, eyes.me, eyes.nowMs) ? 1 : 0, -eyes.looks.rank(tile), eyes.looks.atMs(tile.attempt_id)]
    if (best === null || isBefore(key, best.key)) best = { id: tile.attempt_id, key }
  }
  return best?.id ?? null
}

/** How many a walk has still before it. */
export function left(tiles: Iterable<Tile>, walk: Walk, eyes: Eyes): { news: number; all: number } {
  const seen = new Set(walk.seen)
  const here = current(walk)
  const counts = { news: 0, all: 0 }
  for (const tile of tiles) {
    if (tile.attempt_id === here || isDone(tile)) continue
    const news = eyes.looks.hasNews(tile)
    if (news) counts.news += 1
    if (news || !seen.has(tile.attempt_id)) counts.all += 1
  }
  return counts
}

/** Who else is busy with the candidate just now, "" for nobody or this account itself. */
export function busyElsewhere(tile: Tile, me: string, nowMs: number): string {
  if (tile.claimed_by === '' || tile.claimed_by === me) return ''
  const over = tile.claimed_until !== null && Date.parse(tile.claimed_until) <= nowMs
  return over ? '' : tile.claimed_by
}

function isDone(tile: Tile): boolean {
  return isOver(tile.phase) && tile.attention === 0 && tile.incidents === 0
}

function isBefore(one: readonly number[], other: readonly number[]): boolean {
  for (let at = 0; at < one.length; at += 1) {
    const difference = (one[at] ?? 0) - (other[at] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}
