/** Which tiles are shown, in which order, and how many there are of each sort. */

import type { Tile } from '../wire'
import { isOver, remainingMs } from './countdown'
import type { NameOrder } from './name_order'

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
  'incidents',
  'case_open',
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
  incidents: (tile) => tile.incidents > 0,
  case_open: (tile) => tile.case_open,
  late: (tile) => tile.late > 0,
  submitted: (tile) => isOver(tile.phase) && tile.phase !== 'annulled',
  annulled: (tile) => tile.phase === 'annulled',
}

export function shows(filter: Filter, tile: Tile): boolean {
  return SHOWN_BY[filter](tile)
}

/**
 * How many tiles each filter shows, kept by what changed: at 10,000 tiles a count from the beginning with every word
 * of the server would cost more than drawing.
 */
export class Counts {
  private readonly marks = new Map<number, number>()
  private readonly sums = FILTERS.map(() => 0)

  /** `tile` undefined: not (or no longer) counted. */
  take(attemptId: number, tile: Tile | undefined): void {
    const before = this.marks.get(attemptId) ?? 0
    const after = tile === undefined ? 0 : marksOf(tile)
    if (before === after) return
    if (after === 0) this.marks.delete(attemptId)
    else this.marks.set(attemptId, after)
    for (let at = 0; at < FILTERS.length; at += 1) {
      const bit = 1 << at
      if ((before & bit) !== (after & bit)) this.sums[at] = (this.sums[at] ?? 0) + ((after & bit) === 0 ? -1 : 1)
    }
  }

  clear(): void {
    this.marks.clear()
    this.sums.fill(0)
  }

  /** `not_entered` comes from the number of entitled people; null where it is not known for those counted. */
  read(expected: number | null): Record<Filter, number> {
    const counts = Object.fromEntries(FILTERS.map((filter, at) => [filter, this.sums[at] ?? 0])) as Record<Filter, number>
    counts.not_entered = expected === null ? 0 : Math.max(0, expected - counts.all)
    return counts
  }
}

function marksOf(tile: Tile): number {
  return FILTERS.reduce((marks, filter, at) => (SHOWN_BY[filter](tile) ? marks | (1 << at) : marks), 0)
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

/** What the order depends on beside the tile itself. */
export interface Regard {
  nowMs: number
  /** Higher first: the wall puts whoever this account has looked at behind all news. */
  attention(tile: Tile): number
  /** Narrower than the filter: rooms, levels and so on. */
  passes(tile: Tile): boolean
}

/**
 * The attempts to show, in order. Ties stay in the order of names, so that nothing dances. (Names are in order
 * already: comparing them as Chinese is read, 10,000 of them every second, is the one thing here that is slow.)
 */
export function arrange(names: NameOrder, view: View, regard: Regard): number[] {
  const rank = RANKS[view.sort]
  const keyed: { id: number; rank: number }[] = []
  for (const tile of names) {
    if (!shows(view.filter, tile) || !matches(view.search, tile) || !regard.passes(tile)) continue
    keyed.push({ id: tile.attempt_id, rank: rank(tile, regard) })
  }
  keyed.sort((one, other) => one.rank - other.rank)
  return keyed.map(({ id }) => id)
}

const RANKS: Record<Sort, (tile: Tile, regard: Regard) => number> = {
  attention: (tile, regard) => -regard.attention(tile),
  name: () => 0,
  minutes: (tile, regard) => remainingMs(tile, regard.nowMs) ?? Number.MAX_SAFE_INTEGER,
  progress: (tile) => (tile.item_count === 0 ? 0 : tile.answered / tile.item_count),
}
