/** What a result's state means to the desk: its colour, what may be chosen for many, how far a publication is. */

import type { FinalCounts, FinalDetail, FinalRow, PublishOrder } from './shapes'

export const STATES = [
  'pending', 'proposed', 'qualified', 'unqualified', 'notified', 'recheck', 'upheld', 'changed', 'suspended', 'reassess',
  'qualified_late', 'cancelled', 'archived', 'excluded',
] as const

/** Why somebody should look before many are agreed to. */
export const DOUBTS = ['bad_records', 'ethics_poor', 'absent_twice', 'legs_changed'] as const

/** The facts of Art. 27 (domain.md §4.6). */
export const ARTICLE_27: readonly string[] = Array.from({ length: 14 }, (_, n) => `U${String(n + 1).padStart(2, '0')}`)

/** Refusals that say no more than that there is nothing to do now. */
const IDLE: ReadonlySet<string> = new Set(['not_your_turn', 'illegal_move', 'legs_same', 'not_unqualified', 'not_absent_twice'])

/** Refusals of who decided or reviewed before: of weight only while there is something to decide again. */
const BY_ANOTHER: ReadonlySet<string> = new Set(['own_decision', 'reviewed_before'])

/** Whether the refusal is worth a warning: it keeps somebody from what would be his to do. */
export function keepsFrom({ refused_by, row, legs_now }: Pick<FinalDetail, 'refused_by' | 'row' | 'legs_now'>): boolean {
  const waits = row.state === 'proposed' || row.state === 'recheck' || legs_now !== null
  return refused_by !== '' && !IDLE.has(refused_by) && (waits || !BY_ANOTHER.has(refused_by))
}

export function toneOf(row: Pick<FinalRow, 'state' | 'outcome'>): string {
  if (row.state === 'recheck') return 'warn'
  if (row.outcome === 'qualified') return 'good'
  return row.outcome === 'unqualified' ? 'bad' : ''
}

/** Proposals nobody has to look at one by one. */
export const agreeable = (row: FinalRow): boolean => row.state === 'proposed' && row.doubts.length === 0

export const publishable = (row: FinalRow): boolean =>
  (row.state === 'qualified' || row.state === 'unqualified') && !row.publishing

/** The choice without what is no longer there or no longer to be agreed to. */
export function kept(choice: ReadonlySet<number>, rows: readonly FinalRow[]): Set<number> {
  return new Set(rows.filter((row) => choice.has(row.result_id) && agreeable(row)).map((row) => row.result_id))
}

export const underWay = (order: PublishOrder): boolean => order.done + order.failed < order.total

export const percentOf = (order: PublishOrder): number =>
  order.total === 0 ? 100 : Math.floor((100 * (order.done + order.failed)) / order.total)

/** How many there are of each state, in the order of a result's life; states nobody is in are left out. */
export function bars(counts: FinalCounts): { state: string; count: number }[] {
  return STATES.map((state) => ({
    state,
    count: counts.counts.filter((one) => one.state === state).reduce((sum, one) => sum + one.count, 0),
  })).filter((one) => one.count > 0)
}

/** Of those decided, how many are qualified, in whole percent; null while there is none. */
export function qualifiedPercent(counts: FinalCounts): number | null {
  const sum = (outcome: string): number => counts.counts.filter((one) => one.outcome === outcome && one.state !== 'proposed').reduce((n, one) => n + one.count, 0)
  const all = sum('qualified') + sum('unqualified')
  return all === 0 ? null : Math.round((100 * sum('qualified')) / all)
}
