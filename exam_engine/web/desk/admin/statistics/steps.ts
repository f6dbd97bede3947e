/** Steps of the road, in its order, and the arithmetic of the page of figures. */

import type { InstitutionCount } from '../shapes'

export const STEPS = [
  'unbound',
  'not_started',
  'profile_draft',
  'profile_org',
  'profile_agy',
  'profile_returned',
  'enrolled',
  'evaluation_org',
  'evaluation_agy',
  'evaluation_returned',
  'rated_pass',
  'rated_fail',
  'ended',
] as const
export type Step = (typeof STEPS)[number]

/** Whose turn it is: the physician's, a reviewer's, or nobody's any more. */
export const GROUPS: Record<string, readonly Step[]> = {
  physician: ['unbound', 'not_started', 'profile_draft', 'profile_returned', 'enrolled', 'evaluation_returned'],
  institution: ['profile_org', 'evaluation_org'],
  agency: ['profile_agy', 'evaluation_agy'],
  done: ['rated_pass', 'rated_fail', 'ended'],
}

export const COLOURS: Record<Step, string> = {
  unbound: '#c3ccd3',
  not_started: '#9aa7b1',
  profile_draft: '#75838f',
  profile_org: '#f0c05a',
  profile_agy: '#c98a1b',
  profile_returned: '#d9776c',
  enrolled: '#8fb4dc',
  evaluation_org: '#5f8fc4',
  evaluation_agy: '#31557a',
  evaluation_returned: '#b3261e',
  rated_pass: '#2f8f5b',
  rated_fail: '#6d3b8e',
  ended: '#4a5552',
}

export type Steps = Readonly<Record<string, number>>

export function sumOf(steps: Steps, names: readonly string[]): number {
  return names.reduce((sum, name) => sum + (steps[name] ?? 0), 0)
}

/** Whole percent of those who have come to an end of the road here; never 100 while somebody is missing. */
export function doneShare(row: Pick<InstitutionCount, 'total' | 'steps'>): number {
  if (row.total === 0) return 0
  return Math.min(100, Math.floor((100 * sumOf(row.steps, GROUPS['done'] ?? [])) / row.total))
}

export const ORDERS = ['name', 'total', 'done'] as const
export type Order = (typeof ORDERS)[number]

/** Institutions as asked for: by name, the largest first, or those furthest behind first. */
export function arranged(
  rows: readonly InstitutionCount[],
  order: Order,
  query: string,
  byName: (one: string, other: string) => number,
): InstitutionCount[] {
  const wanted = query.trim().toLowerCase()
  const shown = rows.filter((row) => `${row.name} ${row.agency}`.toLowerCase().includes(wanted))
  const compare: Record<Order, (one: InstitutionCount, other: InstitutionCount) => number> = {
    name: () => 0,
    total: (one, other) => other.total - one.total,
    done: (one, other) => doneShare(one) - doneShare(other),
  }
  return shown.sort((one, other) => compare[order](one, other) || byName(one.name, other.name))
}

/** The steps anybody is at: what nobody is at needs no place in a legend. */
export function stepsIn(rows: readonly { steps: Steps }[]): Step[] {
  return STEPS.filter((step) => rows.some((row) => (row.steps[step] ?? 0) > 0))
}

/** What can be exported: a file of which subject, in which state. */
export const SUBJECTS = ['profile', 'evaluation', 'exemption', 'deferral', 'change'] as const
export const STATES = [
  'draft',
  'org_review',
  'agy_review',
  'escalated',
  'org_returned',
  'agy_returned',
  'approved',
  'rejected',
  'deferred',
  'closed',
  'not_enrolled',
] as const

export function exportUrl(subject: string, state: string): string {
  const asked = new URLSearchParams()
  if (subject !== '') asked.set('subject', subject)
  if (state !== '') asked.set('state', state)
  const query = asked.toString()
  return query === '' ? '/api/desk/export' : `/api/desk/export?${query}`
}
