/** The release page's arithmetic. */

import type { Results } from '../wire'

export interface Preview {
  points: number
  passing: number
  /** Counted at exactly this line; else at the nearest one the server offers. */
  exact: boolean
}

/** How many would pass at `points`: from the scores themselves when all are listed, else from the server's list. */
export function previewAt(
  results: Pick<Results, 'preview' | 'rows' | 'histogram'>,
  points: number,
): Preview | null {
  const scores = results.rows.filter((row) => row.phase !== 'annulled').flatMap((row) => row.points ?? [])
  const scored = results.histogram.reduce((sum, count) => sum + count, 0)
  if (scores.length === scored) {
    return { points, passing: scores.filter((score) => score >= points).length, exact: true }
  }
  return nearest(results, points)
}

function nearest(results: Pick<Results, 'preview'>, points: number): Preview | null {
  let best: Preview | null = null
  for (const entry of results.preview) {
    const nearer = best === null || Math.abs(entry.pass_points - points) < Math.abs(best.points - points)
    if (nearer) best = { points: entry.pass_points, passing: entry.passing, exact: entry.pass_points === points }
  }
  return best
}

export interface Standing {
  /** Not yet handed in. */
  underWay: number
  /** Handed in, not yet marked: held back from a release. */
  held: number
  marked: number
  released: number
  annulled: number
}

export function standing(phases: Record<string, number>): Standing {
  const of = (phase: string): number => phases[phase] ?? 0
  return {
    underWay: of('entered') + of('identity') + of('ready') + of('running'),
    held: of('submitted'),
    marked: of('marked'),
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
