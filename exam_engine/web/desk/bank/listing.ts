/** The rows of the list: their pages, how a state looks, which of them a bulk act fits. */

import type { BankItemPage, BankItemRow, MoveEvent } from './shapes'

export interface Held {
  rows: readonly BankItemRow[]
  /** The `after` of the next page; null at the end. */
  next: string | null
  total: number
}

export const NOTHING: Held = { rows: [], next: null, total: 0 }

export const begun = (page: BankItemPage): Held => ({ rows: page.rows, next: page.next, total: page.total ?? page.rows.length })

/** The list with a further page; what was there already is taken from the new page. */
export function extended(held: Held, page: BankItemPage): Held {
  const fresh = new Set(page.rows.map((row) => row.item_id))
  return { ...held, rows: [...held.rows.filter((row) => !fresh.has(row.item_id)), ...page.rows], next: page.next }
}

export type Tone = 'good' | 'calm' | 'warn' | 'bad' | ''

const TONES: Record<string, Tone> = { active: 'good', review: 'calm', suspended: 'bad', draft: 'warn' }

export const toneOf = (status: string): Tone => TONES[status] ?? ''

/** The acts of a batch, in the order of its buttons. */
export const BULK = ['submit', 'withdraw', 'approve', 'return', 'suspend', 'reinstate', 'retire', 'discard'] as const
export const WITH_REASON: ReadonlySet<MoveEvent> = new Set(['return', 'suspend', 'reinstate', 'retire'])
/** What can't be taken back. */
export const GRAVE: ReadonlySet<MoveEvent> = new Set(['retire', 'discard'])
export const BATCH_MAX = 200

/** Whether an act may be tried with a row as far as its state goes; whether this person may, the server says. */
export function fits(row: BankItemRow, event: MoveEvent, role: string): boolean {
  const writes = role === 'author'
  switch (event) {
    case 'submit':
    case 'discard':
      return writes && row.draft === 'draft'
    case 'withdraw':
      return writes && row.draft === 'review' && row.mine
    case 'approve':
    case 'return':
      return row.draft === 'review' && !row.mine
    case 'suspend':
      return row.status === 'active'
    case 'reinstate':
      return row.status === 'suspended'
    case 'retire':
      return row.status === 'active' || row.status === 'suspended'
  }
}

/** What can be done with at least one of the chosen, and with how many. */
export function bulkOf(rows: readonly BankItemRow[], role: string): { event: MoveEvent; n: number }[] {
  const counted = BULK.map((event) => ({ event, n: rows.filter((row) => fits(row, event, role)).length }))
  return counted.filter((one) => one.n > 0)
}

export type Choice = ReadonlySet<number>

export function toggled(choice: Choice, itemId: number): Choice {
  const next = new Set(choice)
  if (!next.delete(itemId) && next.size < BATCH_MAX) next.add(itemId)
  return next
}

/** The choice with everything from one row to another, both included, in either direction. */
export function ranged(choice: Choice, rows: readonly BankItemRow[], from: number, to: number): Choice {
  const at = (itemId: number): number => rows.findIndex((row) => row.item_id === itemId)
  const [one, other] = [at(from), at(to)]
  if (one < 0 || other < 0) return toggled(choice, to)
  const within = rows.slice(Math.min(one, other), Math.max(one, other) + 1)
  return new Set([...choice, ...within.map((row) => row.item_id)].slice(0, BATCH_MAX))
}

/** Without what is no longer in the list. */
export function kept(choice: Choice, rows: readonly BankItemRow[]): Choice {
  return new Set(rows.filter((row) => choice.has(row.item_id)).map((row) => row.item_id))
}
