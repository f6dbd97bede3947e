/** 我的答题日志 in plain words: each entry of the own journal becomes a line. Letters are places: a is the first option. */
import type { components } from '@shared/api.gen'
import type { Fact, Facts } from '@shared/shapes'

export type OwnJournal = components['schemas']['OwnJournal']
export type OwnEntry = components['schemas']['OwnEntry']

/** `what`: the sentence `result.journal.said.<what>`; `text` was written by a person or is a rule's. */
export interface Line {
  version: number
  seq: number | null
  at: string
  kind: string
  group: 'answer' | 'course'
  tone: 'plain' | 'good' | 'warn' | 'bad'
  what: string
  facts: Facts
  text: string
}

type Body = Record<string, Fact>

const ANSWERS = new Set(['answered', 'cleared', 'marked_for_later', 'came_late'])
const TONES: Record<string, Line['tone']> = {
  answered: 'good',
  submitted: 'good',
  came_late: 'bad',
  identity_refused: 'bad',
  identity_locked: 'bad',
  annulled: 'bad',
  warned: 'warn',
  paused: 'warn',
  extended: 'warn',
  held: 'warn',
}

export const letters = (choice: string): string => choice.toUpperCase().split('').join(' ')

export function lineOf(entry: OwnEntry): Line {
  const body = bodyOf(entry)
  const facts: Facts = { ...body, letters: letters(String(body['choice'] ?? '')) }
  if (entry.kind === 'extended') facts['minutes'] = Math.round(Number(body['seconds']) / 60)
  return {
    version: entry.version,
    seq: entry.seq,
    at: entry.at,
    kind: entry.kind,
    group: ANSWERS.has(entry.kind) ? 'answer' : 'course',
    tone: TONES[entry.kind] ?? 'plain',
    what: whatOf(entry, body),
    facts,
    text: textOf(entry.kind, body),
  }
}

function bodyOf(entry: OwnEntry): Body {
  try {
    return entry.body ? (JSON.parse(entry.body) as Body) : {}
  } catch {
    return {}
  }
}

function whatOf({ kind, body: told }: OwnEntry, body: Body): string {
  if (!told) return kind === 'marked' ? 'marked_unreleased' : 'withheld'
  switch (kind) {
    case 'portrait_taken':
      return body['picture'] ? kind : 'asked_for_person'
    case 'identity_accepted':
      return body['by'] ? 'identity_accepted_by_person' : kind
    case 'marked_for_later':
      return body['on'] ? kind : 'mark_removed'
    case 'came_late':
      return body['choice'] ? kind : 'clearing_came_late'
    case 'warned':
      return body['level'] === 'warning' ? kind : 'notified'
    case 'submitted':
      return `submitted_${String(body['ending'])}`
    case 'released':
      return body['passed'] ? 'released_passed' : 'released_failed'
    default:
      return kind
  }
}

/** Reasons and notices, in the words they were given; an own word of the program (try_again) has a sentence itself. */
function textOf(kind: string, body: Body): string {
  if (kind === 'warned') return String(body['text'] ?? '')
  const reason = String(body['reason'] ?? '')
  return reason === 'try_again' ? '' : reason
}

export type Filter = 'all' | 'answers' | 'counted'

export const linesOf = (journal: OwnJournal, filter: Filter): Line[] =>
  journal.entries.map(lineOf).filter((line) => filter !== 'answers' || line.group === 'answer')

/** Lines by day, each in its order. */
export function byDay(lines: readonly Line[], day: (iso: string) => string): [string, Line[]][] {
  const groups = new Map<string, Line[]>()
  for (const line of lines) {
    const name = day(line.at)
    const group = groups.get(name)
    if (group) group.push(line)
    else groups.set(name, [line])
  }
  return [...groups]
}
