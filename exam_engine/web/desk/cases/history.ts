/** One event of a case as the desk reads it: which sentence, who, why, and how much came with it. No choices. */

import type { CaseEventRow } from '../wire'

export interface Told {
  version: number
  at: string
  /** Key of the sentence, under `cases.event.` in the words. */
  key: string
  /** Who: an account by name, the physician, or the system. */
  who: 'account' | 'physician' | 'system'
  name: string
  /** Free text of a person: allegation, reply, reason. */
  text: string
  measure: string
  until: string | null
  incidents: number
  pictures: number
}

const BY_PHYSICIAN: ReadonlySet<string> = new Set(['replied', 'appealed'])
const KINDS: ReadonlySet<string> = new Set([
  'opened',
  'evidence_attached',
  'notified',
  'replied',
  'decided',
  'appealed',
  'appeal_decided',
])

export function tell(row: CaseEventRow): Told {
  const event = asRecord(row.event)
  const kind = row.kind
  return {
    version: row.version,
    at: row.at,
    key: KINDS.has(kind) ? variant(kind, event) : 'unknown',
    who: BY_PHYSICIAN.has(kind) ? 'physician' : row.by === '' ? 'system' : 'account',
    name: row.by,
    text: text(event['text']) || text(event['reason']),
    measure: event['ruling'] === 'confirm' ? text(event['measure']) : '',
    until: instant(event['reply_until']) ?? instant(event['appeal_until']),
    incidents: count(event['incidents']),
    pictures: count(event['pictures']),
  }
}

/** The measure of the decision as it was taken, whatever an appeal made of it; "" without a confirmation. */
export function measureTaken(events: readonly CaseEventRow[]): string {
  return events.map(tell).find((told) => told.measure !== '')?.measure ?? ''
}

function variant(kind: string, event: Record<string, unknown>): string {
  const ruling = text(event['ruling'])
  return kind.endsWith('decided') && ruling !== '' ? `${kind}_${ruling}` : kind
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function instant(value: unknown): string | null {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? value : null
}

function count(value: unknown): number {
  return Array.isArray(value) ? value.length : 0
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
