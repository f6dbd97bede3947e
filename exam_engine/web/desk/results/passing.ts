/** The release page's arithmetic. */

import type { ResultRow, Results } from '../wire'

export interface Preview {
  points: number
  passing: number
  /** How many of these a case holds back. */
  held: number
  /** Counted at exactly this line; else at the nearest one the server offers. */
  exact: boolean
}

/** How many would pass at `points`: from the scores themselves when all are listed, else from the server's list. */
export function previewAt(
  results: Pick<Results, 'preview' | 'rows' | 'histogram'>,
  points: number,
): Preview | null {
  const listed = results.rows.filter((row) => row.phase !== 'annulled' && row.points !== null)
  const scored = results.histogram.reduce((sum, count) => sum + count, 0)
  if (listed.length === scored) {
    const passing = listed.filter((row) => (row.points ?? 0) >= points)
    return { points, passing: passing.length, held: passing.filter(isHeld).length, exact: true }
  }
  return nearest(results, points)
}

function nearest(results: Pick<Results, 'preview'>, points: number): Preview | null {
  let best: Preview | null = null
  for (const entry of results.preview) {
    const nearer = best === null || Math.abs(entry.pass_points - points) < Math.abs(best.points - points)
    const { pass_points, passing, held = 0 } = entry
    if (nearer) best = { points: pass_points, passing, held, exact: pass_points === points }
  }
  return best
}

/** Whether a case holds the score back: no release reaches it before the case is closed. */
export const isHeld = (row: Pick<ResultRow, 'held_by'>): boolean => (row.held_by ?? null) !== null

/** How many of the marked are held back. */
export const heldMarked = ({ phases, releasable }: Pick<Results, 'phases' | 'releasable'>): number =>
  Math.max(0, (phases['marked'] ?? 0) - releasable)

export interface Standing {
  /** Not yet handed in. */
  underWay: number
  /** Handed in, not yet marked: held back from a release. */
  held: number
  /** Marked, but held back by a case. */
  inCases: number
  /** Marked, and free to be released. */
  marked: number
  released: number
  annulled: number
}

export function standing(phases: Record<string, number>, inCases: number): Standing {
  const of = (phase: string): number => phases[phase] ?? 0
  return {
    underWay: of('entered') + of('identity') + of('ready') + of('running'),
    held: of('submitted'),
    inCases: Math.min(inCases, of('marked')),
    marked: Math.max(0, of('marked') - inCases),
    released: of('released'),
    annulled: of('annulled'),
  }
}

/** Whole percent of the release done; 100 when nothing marked is left. */
export function releasePercent(at: Standing): number {
  const whole = at.marked + at.released
  return whole === 0 ? 100 : Math.floor((100 * at.released) / whole)
}

export function bucketLabels(buckets: number): string[] {
  return Array.from({ length: buckets }, (_, index) => `${index * 10}–${index * 10 + 10}%`)
}
