/** The rows of the queue: their pages, how a state looks, how long a file waits, which go into a batch. */

import type { ReviewPage, ReviewRow, StateCount } from '../wire'

export interface Held {
  rows: readonly ReviewRow[]
  /** The `after` of the next page; null at the end. */
  next: string | null
  pages: number
}

export const NOTHING: Held = { rows: [], next: null, pages: 0 }

/** The list after its head was read again. A list of one page is that page; of a longer one the known rows are renewed. */
export function refreshed(held: Held, page: ReviewPage): Held {
  if (held.pages <= 1) return { rows: page.rows, next: page.next, pages: 1 }
  const fresh = new Map(page.rows.map((row) => [row.file_id, row]))
  return { ...held, rows: held.rows.map((row) => fresh.get(row.file_id) ?? row) }
}

/**
 * The list after its head was looked at again, without a row inserted above one that is being read: `news` says that there
 * are some. What comes after all known rows is added, what is no longer in a list of one page is left out.
 */
export function looked(held: Held, page: ReviewPage): { held: Held; news: boolean } {
  const known = new Set(held.rows.map((row) => row.file_id))
  const last = page.rows.map((row) => known.has(row.file_id)).lastIndexOf(true)
  if (held.pages <= 1 && (last < 0 || held.rows.length === 0)) return { held: refreshed(held, page), news: false }
  const news = page.rows.slice(0, last).some((row) => !known.has(row.file_id))
  const fresh = new Map(page.rows.map((row) => [row.file_id, row]))
  const rows = held.rows.map((row) => fresh.get(row.file_id) ?? row)
  // Pushed off the first page is not gone.
  if (held.pages > 1 || (news && page.next !== null)) return { held: { ...held, rows }, news }
  const left = rows.filter((row) => fresh.has(row.file_id))
  return { held: { rows: [...left, ...page.rows.slice(last + 1)], next: page.next, pages: 1 }, news }
}

/** The list with a further page; what was there already is taken from the new page. */
export function extended(held: Held, page: ReviewPage): Held {
  const fresh = new Set(page.rows.map((row) => row.file_id))
  const rows = [...held.rows.filter((row) => !fresh.has(row.file_id)), ...page.rows]
  return { rows, next: page.next, pages: held.pages + 1 }
}

/** A file that was decided waits for nobody here any more. */
export function moved(held: Held, fileId: number, state: string, version: number): Held {
  const rows = held.rows.map((row) => (row.file_id === fileId ? { ...row, state, version, mine: false } : row))
  return { ...held, rows }
}

export type Tone = 'warn' | 'calm' | 'bad' | 'good' | ''

const TONES: Record<string, Tone> = {
  org_review: 'calm',
  agy_review: 'calm',
  escalated: 'warn',
  org_returned: 'warn',
  agy_returned: 'warn',
  approved: 'good',
  rejected: 'bad',
}

export function toneOf(state: string): Tone {
  return TONES[state] ?? ''
}

export interface Waited {
  unit: 'minutes' | 'hours' | 'days'
  n: number
  /** Long enough to be marked. */
  long: boolean
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const LONG_DAYS = 7

/** How long a file has been where it is. */
export function waited(movedAt: string, nowMs: number): Waited {
  const ms = Math.max(0, nowMs - Date.parse(movedAt))
  if (ms < HOUR_MS) return { unit: 'minutes', n: Math.floor(ms / 60_000), long: false }
  if (ms < DAY_MS) return { unit: 'hours', n: Math.floor(ms / HOUR_MS), long: false }
  const n = Math.floor(ms / DAY_MS)
  return { unit: 'days', n, long: n >= LONG_DAYS }
}

/** How many files of `subject` ('' for all) are in `state` ('' for any). */
export function countOf(counts: readonly StateCount[], subject: string, state: string): number {
  return counts
    .filter((one) => (subject === '' || one.subject === subject) && (state === '' || one.state === state))
    .reduce((sum, one) => sum + one.count, 0)
}

export const BATCH_MAX = 100

/** Whether a file may go through together with others: a profile that waits for this account and has no flag. */
export function batchable(row: ReviewRow): boolean {
  return row.subject === 'profile' && row.mine && row.flags.length === 0 && row.refused_by === ''
}

export type Choice = ReadonlySet<number>

export function toggled(choice: Choice, row: ReviewRow): Choice {
  const next = new Set(choice)
  if (next.has(row.file_id)) next.delete(row.file_id)
  else if (batchable(row) && next.size < BATCH_MAX) next.add(row.file_id)
  return next
}

/** The choice with everything batchable from one row to another, both included, in either direction. */
export function ranged(choice: Choice, rows: readonly ReviewRow[], from: number, to: number): Choice {
  const at = (fileId: number): number => rows.findIndex((row) => row.file_id === fileId)
  const [one, other] = [at(from), at(to)]
  if (one < 0 || other < 0) return choice
  const within = rows.slice(Math.min(one, other), Math.max(one, other) + 1).filter(batchable)
  return new Set([...choice, ...within.map((row) => row.file_id)].slice(0, BATCH_MAX))
}

/** Without what can't be approved together any more. */
export function kept(choice: Choice, rows: readonly ReviewRow[]): Choice {
  return new Set(rows.filter((row) => choice.has(row.file_id) && batchable(row)).map((row) => row.file_id))
}
