/** The list of cases: its pages, who is awaited, how a phase looks. */

import type { CaseList, CaseRow } from '../wire'

export type Tone = 'warn' | 'calm' | 'bad' | 'good' | ''

const TONES: Record<string, Tone> = {
  open: 'calm',
  notified: 'calm',
  replied: 'warn',
  confirmed: 'bad',
  dismissed: 'good',
  appealed: 'warn',
  upheld: 'bad',
  overturned: 'good',
}

export function toneOf(phase: string): Tone {
  return TONES[phase] ?? ''
}

/**
 * The list after its head was read again. Rows come newest first: the fresh page says everything about the cases
 * from its last one on, what is older stays as it was. A page without a next one is the whole list.
 */
export function refreshed(held: readonly CaseRow[], page: CaseList): CaseRow[] {
  const last = page.cases[page.cases.length - 1]
  if (page.next === 0 || last === undefined) return [...page.cases]
  return [...page.cases, ...held.filter((row) => row.case_id < last.case_id)]
}

/** The list with a further page; what was there already is taken from the new page. */
export function extended(held: readonly CaseRow[], page: CaseList): CaseRow[] {
  const fresh = new Set(page.cases.map((row) => row.case_id))
  return [...held.filter((row) => !fresh.has(row.case_id)), ...page.cases]
}

const DECIDERS: ReadonlySet<string> = new Set(['chief', 'agency'])
const APPEAL_DECIDERS: ReadonlySet<string> = new Set(['agency', 'province'])

/** Whether this case is complete and waits for somebody of this role. */
export function awaits(row: Pick<CaseRow, 'phase'>, role: string): boolean {
  if (row.phase === 'replied') return DECIDERS.has(role)
  return row.phase === 'appealed' && APPEAL_DECIDERS.has(role)
}

/** The filters as they stand in the address: anything else there counts as not given. */
export function filterFrom(query: Record<string, unknown>): { state: '' | 'open' | 'closed'; sitting: number } {
  const state = query['state']
  const sitting = Number(query['sitting'])
  return {
    state: state === 'closed' || state === 'all' ? (state === 'all' ? '' : 'closed') : 'open',
    sitting: Number.isSafeInteger(sitting) && sitting > 0 ? sitting : 0,
  }
}
