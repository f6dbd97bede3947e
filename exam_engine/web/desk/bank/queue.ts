/** The queue of a reviewer: a set is one, since it is decided as one; which comes next. */

import type { BankItemRow } from './shapes'

export interface Entry {
  /** The first of the set, or the one alone. */
  row: BankItemRow
  rows: BankItemRow[]
}

const nameOf = (row: BankItemRow): string => (row.set_code === '' ? `#${row.item_id}` : `${row.pool}/${row.set_code}`)

/** Rows as entries, in the order of their first rows. */
export function entries(rows: readonly BankItemRow[]): Entry[] {
  const found = new Map<string, Entry>()
  for (const row of rows) {
    const held = found.get(nameOf(row))
    if (held === undefined) found.set(nameOf(row), { row, rows: [row] })
    else held.rows.push(row)
  }
  return [...found.values()]
}

/** The entry `by` places on; the first when nothing is chosen, the ends are walls. */
export function stepped(all: readonly Entry[], itemId: number | null, by: number): number | null {
  if (all.length === 0) return null
  const at = all.findIndex((one) => one.row.item_id === itemId)
  const next = at < 0 ? 0 : Math.max(0, Math.min(all.length - 1, at + by))
  return all[next]!.row.item_id
}

/** What is looked at after an entry was decided: the one below, else the one above. */
export function afterDecision(all: readonly Entry[], itemId: number): number | null {
  const at = all.findIndex((one) => one.row.item_id === itemId)
  return (all[at + 1] ?? all[at - 1])?.row.item_id ?? null
}
