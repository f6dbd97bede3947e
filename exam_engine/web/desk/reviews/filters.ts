/** What the queue is narrowed to, as it stands in the address and as the server is asked. */

import type { ReviewQuery } from './http'

export const SUBJECTS = ['profile', 'evaluation', 'exemption', 'deferral', 'change'] as const
export type Subject = (typeof SUBJECTS)[number]
export const STATES = [
  'org_review',
  'agy_review',
  'escalated',
  'org_returned',
  'agy_returned',
  'approved',
  'rejected',
  'draft',
  'deferred',
  'closed',
  'not_enrolled',
] as const
export const PROCEDURES = ['none', 'simple_applied', 'simple', 'general'] as const
export type Procedure = (typeof PROCEDURES)[number]
export const CATEGORIES = ['clinical', 'tcm', 'dental', 'public_health'] as const
/** What reviewers should look at twice. A newer server may say more; a flag in the address is passed on as it is. */
export const FLAGS = [
  'returned_before',
  'shared_document',
  'registry_differs',
  'not_registered',
  'not_eligible',
  'voluntary',
  'warnings',
  'bad_record',
  'undeclared_record',
  'ethics_poor',
  'self_unqualified',
  'disputes',
  'credits_missing',
  'faceless',
] as const

export interface QueueFilter {
  subject: Subject | ''
  state: string
  q: string
  department: string
  category: string
  procedure: Procedure | ''
  flag: string
  /** Only what this account's level has to decide now. */
  mine: boolean
}

/** The state in which files wait for a role; '' for roles that decide nothing. */
export function waitingState(role: string): string {
  return { institution: 'org_review', agency: 'agy_review', province: 'escalated' }[role] ?? ''
}

const TEXT_MAX = 60

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim().slice(0, TEXT_MAX) : ''
}

function oneOf<T extends string>(value: unknown, known: readonly T[]): T | '' {
  return known.find((each) => each === value) ?? ''
}

const code = (value: unknown): string => (typeof value === 'string' && /^[a-z_]{1,40}$/.test(value) ? value : '')

/** The filters in an address; anything else there counts as not given. Reviewers begin with what waits for them. */
export function filterFrom(query: Record<string, unknown>, role: string): QueueFilter {
  const [state, waiting] = [code(query['state']), waitingState(role)]
  return {
    subject: oneOf(query['subject'], SUBJECTS),
    state,
    q: text(query['q']),
    department: text(query['department']),
    category: code(query['category']),
    procedure: oneOf(query['procedure'], PROCEDURES),
    flag: code(query['flag']),
    mine: waiting !== '' && query['all'] !== '1' && (state === '' || state === waiting),
  }
}

const NAMES = ['subject', 'state', 'q', 'department', 'category', 'procedure', 'flag'] as const

/** As it stands in the address: only what differs from the queue one begins with. */
export function queryOf(filter: QueueFilter, role: string): Record<string, string> {
  const query = Object.fromEntries(NAMES.filter((name) => filter[name] !== '').map((name) => [name, filter[name]]))
  return waitingState(role) !== '' && !filter.mine ? { ...query, all: '1' } : query
}

/** As the server is asked for a page. */
export function askedOf(filter: QueueFilter, after: string | null = null): ReviewQuery {
  const query = Object.fromEntries(NAMES.filter((name) => filter[name] !== '').map((name) => [name, filter[name]]))
  return { ...query, ...(filter.mine ? { mine: '1' as const } : {}), ...(after === null ? {} : { after }) }
}

/** One value changed. A state other than the waiting one, and "only mine", exclude each other. */
export function chosen(filter: QueueFilter, part: Partial<QueueFilter>, role: string): QueueFilter {
  const next = { ...filter, ...part }
  if (part.mine === true) return { ...next, state: '' }
  if (part.state !== undefined && part.state !== '' && part.state !== waitingState(role)) return { ...next, mine: false }
  return next
}

/** How many filters beside subject, state and "only mine" are set. */
export function narrowedBy(filter: QueueFilter): number {
  return [filter.q, filter.department, filter.category, filter.procedure, filter.flag].filter((each) => each !== '').length
}
