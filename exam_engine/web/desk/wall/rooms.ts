/** Rooms: whose tiles they hold, and which of them this account wants to see. */

import { recall, remember } from '@shared/keep'
import type { Tile } from '../wire'
import type { Proctored } from './shapes'

export const ROOMS_MAX = 10_000

export function tilesOfRoom(tiles: Iterable<Tile>, room: number): Tile[] {
  return [...tiles].filter((tile) => tile.room === room)
}

/** Rooms to narrow the wall to; null: everybody. Whoever has no room of his own sees all of them. */
export function scopeOf(state: Proctored | null, onlyMine: boolean): ReadonlySet<number> | null {
  if (!onlyMine || state === null || state.mine.length === 0) return null
  return new Set(state.mine)
}

/** The same set as before when nothing changed in it, so that nothing is counted again. */
export function sameScope(one: ReadonlySet<number> | null, other: ReadonlySet<number> | null): boolean {
  if (one === null || other === null) return one === other
  return one.size === other.size && [...one].every((room) => other.has(room))
}

export function recallOnlyMine(accountId: number): boolean {
  return recall(`desk_only_mine_${accountId}`) === 'yes'
}

export function rememberOnlyMine(accountId: number, onlyMine: boolean): void {
  remember(`desk_only_mine_${accountId}`, onlyMine ? 'yes' : 'no')
}
