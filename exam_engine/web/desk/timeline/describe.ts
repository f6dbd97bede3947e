/** One journal event as the desk reads it: which sentence, with which facts, in which group. No choices. */

import type { TimelineEvent } from '../wire'

export const GROUPS = ['identity', 'answers', 'notices', 'control', 'end', 'watching'] as const
export type Group = (typeof GROUPS)[number]

export interface Described {
  version: number
  at: string
  by: string | null
  group: Group
  /** Key of the sentence, under `timeline.` in the words. */
  key: string
  facts: Record<string, string | number>
  /** Instants among the facts, to be drawn in local time. */
  instants: Record<string, string>
  /** Free text of a person: a reason, the words of a notice. */
  text: string
  picture: string | null
}

const GROUP_OF: Record<string, Group> = {
  entered: 'identity',
  portrait_taken: 'identity',
  identity_accepted: 'identity',
  identity_refused: 'identity',
  device_taken: 'identity',
  identity_locked: 'identity',
  identity_unlocked: 'identity',
  started: 'control',
  paused: 'control',
  resumed: 'control',
  extended: 'control',
  answered: 'answers',
  cleared: 'answers',
  marked_for_later: 'answers',
  came_late: 'answers',
  warned: 'notices',
  acknowledged: 'notices',
  submitted: 'end',
  marked: 'end',
  released: 'end',
  annulled: 'end',
  held: 'end',
  hold_ended: 'end',
}

export function describe(told: TimelineEvent): Described {
  const event = asRecord(told.event)
  const group = GROUP_OF[told.kind]
  return {
    version: told.version,
    at: told.at,
    by: told.by,
    group: group ?? 'control',
    key: group === undefined ? 'unknown' : variant(told.kind, event),
    facts: { kind: told.kind, ...plainFacts(event), ...minutes(event) },
    instants: instants(event),
    text: words(event),
    picture: told.kind === 'portrait_taken' ? pictureOf(event) : null,
  }
}

/** Some kinds read quite differently by one of their facts. */
function variant(kind: string, event: Record<string, unknown>): string {
  if (kind === 'warned' && typeof event['rule'] === 'string' && event['rule'] !== '') return 'warned_by_rule'
  if (kind === 'warned') return event['level'] === 'message' ? 'messaged' : 'warned'
  if (kind === 'marked_for_later') return event['on'] === false ? 'unmarked_for_later' : kind
  if (kind === 'submitted' && typeof event['ending'] === 'string') return `submitted_${event['ending']}`
  if (kind === 'released') return event['passed'] === true ? 'released_passed' : 'released_failed'
  if (kind === 'resumed' || kind === 'identity_accepted') return event['by'] === 0 ? `${kind}_alone` : kind
  return kind
}

const DEVICE_CHARS = 8 // enough to tell one from another
const HIDDEN: ReadonlySet<string> = new Set(['type', 'choice', 'by', 'layout', 'policy', 'paper', 'picture', 'rule'])

function plainFacts(event: Record<string, unknown>): Record<string, string | number> {
  const facts: Record<string, string | number> = {}
  for (const [name, value] of Object.entries(event)) {
    if (HIDDEN.has(name)) continue
    if (name === 'device' && typeof value === 'string') facts[name] = value.slice(0, DEVICE_CHARS)
    else if (typeof value === 'number' || (typeof value === 'string' && !name.endsWith('_at'))) facts[name] = value
  }
  return facts
}

function minutes(event: Record<string, unknown>): Record<string, number> {
  const seconds = event['seconds']
  return typeof seconds === 'number' ? { minutes: Math.round(seconds / 60) } : {}
}

function instants(event: Record<string, unknown>): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of ['deadline_at', 'as_of', 'closes_at']) {
    const value = event[name]
    if (typeof value === 'string') found[name] = value
  }
  return found
}

function words(event: Record<string, unknown>): string {
  const text = event['text'] ?? event['reason']
  return typeof text === 'string' ? text : ''
}

/** Empty on the way without a face. */
function pictureOf(event: Record<string, unknown>): string | null {
  const picture = event['picture']
  return typeof picture === 'string' && picture !== '' ? picture : null
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
