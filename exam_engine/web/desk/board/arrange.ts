/** Which tiles are shown, in which order, and how many there are of each sort. */

import type { Tile } from '../wire'
import { isOver, remainingMs } from './countdown'

export const FILTERS = [
  'all',
  'attention',
  'not_entered',
  'entered',
  'identity',
  'ready',
  'running',
  'paused',
  'locked',
  'offline',
  'notice_open',
  'late',
  'submitted',
  'annulled',
] as const
export type Filter = (typeof FILTERS)[number]

export const SORTS = ['attention', 'name', 'minutes', 'progress'] as const
export type Sort = (typeof SORTS)[number]

export interface View {
  filter: Filter
  sort: Sort
  search: string
}

const SHOWN_BY: Record<Filter, (tile: Tile) => boolean> = {
  all: () => true,
  attention: (tile) => tile.attention > 0,
  not_entered: () => false, // who has not entered has no attempt and so no tile: a number only
  entered: (tile) => tile.phase === 'entered',
  identity: (tile) => tile.identity === 'waiting',
  ready: (tile) => tile.phase === 'ready',
  running: (tile) => tile.phase === 'running' && tile.paused_at === null && !tile.locked,
  paused: (tile) => tile.phase === 'running' && tile.paused_at !== null,
  locked: (tile) => tile.phase === 'running' && tile.locked,
  offline: (tile) => tile.connected === false && !isOver(tile.phase),
  notice_open: (tile) => tile.notices_open > 0 && !isOver(tile.phase),
  late: (tile) => tile.late > 0,
  submitted: (tile) => isOver(tile.phase) && tile.phase !== 'annulled',
  annulled: (tile) => tile.phase === 'annulled',
}

export function shows(filter: Filter, tile: Tile): boolean {
  return SHOWN_BY[filter](tile)
}

/** How many tiles each filter would show; `not_entered` from the number of entitled people. */
export function count(tiles: Iterable<Tile>, expected: number): Record<Filter, number> {
  const counts = Object.fromEntries(FILTERS.map((filter) => [filter, 0])) as Record<Filter, number>
  for (const tile of tiles) {
    for (const filter of FILTERS) if (SHOWN_BY[filter](tile)) counts[filter] += 1
  }
  counts.not_entered = Math.max(0, expected - counts.all)
  return counts
}

/**
 * Name, part of the masked number, or a whole number typed from a document: its digits are compared where the
 * masked number shows any, so that an invigilator need not know which ones are hidden.
 */
export function matches(search: string, tile: Pick<Tile, 'name' | 'id_number'>): boolean {
  const wanted = search.trim().toLowerCase()
  if (wanted === '' || tile.name.toLowerCase().includes(wanted)) return true
  const shown = tile.id_number.toLowerCase()
  if (shown.includes(wanted)) return true
  if (wanted.length !== shown.length || !/[0-9]/.test(wanted)) return false
  return [...shown].every((char, index) => char === '*' || char === wanted[index])
}

/** The attempts to show, in order. Ties fall back to the name and then the number, so that nothing dances. */
export function arrange(tiles: Iterable<Tile>, view: View, nowMs: number, locale: string): number[] {
  const collator = new Intl.Collator(locale)
  const shown = [...tiles].filter((tile) => shows(view.filter, tile) && matches(view.search, tile))
  const rank = RANKS[view.sort]
  const keyed = shown.map((tile) => ({ tile, rank: rank(tile, nowMs) }))
  keyed.sort(
    (one, other) =>
      one.rank - other.rank ||
      collator.compare(one.tile.name, other.tile.name) ||
      one.tile.attempt_id - other.tile.attempt_id,
  )
  return keyed.map(({ tile }) => tile.attempt_id)
}

const RANKS: Record<Sort, (tile: Tile, nowMs: number) => number> = {
  attention: (tile) => -tile.attention,
  name: () => 0,
  minutes: (tile, nowMs) => remainingMs(tile, nowMs) ?? Number.MAX_SAFE_INTEGER,
  progress: (tile) => (tile.item_count === 0 ? 0 : tile.answered / tile.item_count),
}
