/** From one file to the next that waits for this account, in the order of the queue. */

import type { ReviewRow } from '../wire'

/** Whether this account may decide it now. */
export function waits(row: ReviewRow): boolean {
  return row.mine && row.refused_by === ''
}

/**
 * The file to open after `current`: the next below it that waits and was not passed over in this walk, at the end the
 * first from above. One that somebody else has on the screen comes only when nothing else is left.
 */
export function nextWaiting(
  rows: readonly ReviewRow[],
  current: number | null,
  passed: ReadonlySet<number>,
): ReviewRow | null {
  const at = rows.findIndex((row) => row.file_id === current)
  const round = [...rows.slice(at + 1), ...rows.slice(0, Math.max(0, at))]
  const open = round.filter((row) => waits(row) && !passed.has(row.file_id) && row.file_id !== current)
  return open.find((row) => row.opened_by === '') ?? open[0] ?? null
}

/** How many wait in the rows at hand, `current` among them. */
export function leftOf(rows: readonly ReviewRow[], passed: ReadonlySet<number>): number {
  return rows.filter((row) => waits(row) && !passed.has(row.file_id)).length
}

/** The place of the cursor after a move; it enters the list at its head and never leaves it. */
export function stepped(rows: readonly ReviewRow[], cursor: number | null, by: number): number | null {
  const at = rows.findIndex((row) => row.file_id === cursor)
  const next = at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))
  return rows[next]?.file_id ?? null
}
