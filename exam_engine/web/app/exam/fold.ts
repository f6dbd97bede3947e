/** The browser's small fold: the view of an attempt after one more event. The server's snapshot always wins over it. */
import type { Event, Numbered, ToldEvent } from '@shared/frames'
import type { AttemptView, Phase } from '@shared/shapes'

type Of<T extends Event['type']> = Extract<Event, { type: T }>

const BEFORE_START: readonly Phase[] = ['entered', 'identity', 'ready']
export const FINAL: readonly Phase[] = ['submitted', 'marked', 'released', 'annulled']

export function apply(view: AttemptView, told: ToldEvent, device: string): AttemptView {
  if (told.version <= view.version) return view
  // Seqs only grow, so an answer of a seq the view already has (its ack came first) must not undo a later one.
  if (isSaved(told.event) && told.event.seq <= view.last_seq) return { ...view, version: told.version }
  return { ...evolve(view, told.event, told.at, device), version: told.version }
}

const isSaved = (event: Event): event is Of<'answered' | 'cleared' | 'marked_for_later'> =>
  event.type === 'answered' || event.type === 'cleared' || event.type === 'marked_for_later'

function evolve(view: AttemptView, event: Event, at: string, device: string): AttemptView {
  switch (event.type) {
    case 'answered':
      return { ...given(view, event.no, event.choice), last_seq: event.seq }
    case 'cleared':
      return { ...given(view, event.no, ''), last_seq: event.seq }
    case 'marked_for_later':
      return { ...marked(view, event.no, event.on), last_seq: event.seq }
    case 'came_late':
      return { ...later(view), last_seq: event.seq }
    case 'portrait_taken':
    case 'identity_accepted':
    case 'identity_refused':
    case 'device_taken':
      return identity(view, event, device)
    case 'started':
      return { ...view, phase: 'running', started_at: at, deadline_at: event.deadline_at }
    case 'warned':
      return warned(view, event, at)
    case 'acknowledged':
      return {
        ...view,
        notices: view.notices.map((n) => (n.notice === event.notice ? { ...n, acknowledged: true } : n)),
      }
    case 'paused':
      return { ...view, paused: true, pause_reason: event.reason }
    case 'resumed':
      return { ...view, paused: false, pause_reason: '', deadline_at: event.deadline_at }
    case 'extended':
      return { ...view, deadline_at: event.deadline_at }
    case 'identity_locked':
      return { ...view, identity_locked: true, lock_reason: event.reason }
    case 'identity_unlocked':
      return { ...view, identity_locked: false, lock_reason: '' }
    case 'submitted':
      return submitted(view, event)
    case 'marked':
      return { ...view, phase: 'marked' }
    case 'released':
      return { ...view, phase: 'released' }
    case 'annulled':
      return { ...view, phase: 'annulled', paused: false, identity_locked: false }
    default:
      return view // entered, or a word of a newer server: the next snapshot tells
  }
}

function given(view: AttemptView, no: number, choice: string): AttemptView {
  return { ...view, answers: [...view.answers.filter((one) => one.no !== no), { no, choice }] }
}

function marked(view: AttemptView, no: number, on: boolean): AttemptView {
  const rest = view.marks.filter((one) => one !== no)
  return { ...view, marks: on ? [...rest, no] : rest }
}

function later(view: AttemptView): AttemptView {
  const submitted = view.submitted
  return submitted ? { ...view, submitted: { ...submitted, late_count: submitted.late_count + 1 } } : view
}

function identity(
  view: AttemptView,
  event: Of<'portrait_taken' | 'identity_accepted' | 'identity_refused' | 'device_taken'>,
  device: string,
): AttemptView {
  const early = BEFORE_START.includes(view.phase)
  switch (event.type) {
    case 'portrait_taken':
      return { ...view, phase: early ? 'identity' : view.phase, identity: 'waiting', identity_reason: '' }
    case 'identity_accepted':
      return { ...view, phase: view.phase === 'identity' ? 'ready' : view.phase, identity: 'accepted' }
    case 'identity_refused': {
      const phase = view.phase === 'identity' ? 'entered' : view.phase
      return { ...view, phase, identity: 'refused', identity_reason: event.reason }
    }
    case 'device_taken':
      return { ...view, device: event.device === device ? 'mine' : 'other' }
  }
}

function warned(view: AttemptView, event: Of<'warned'>, at: string): AttemptView {
  const { notice: no, level, text, rule = '' } = event
  const notice = { notice: no, level, text, at, acknowledged: false, rule }
  return { ...view, notices: [...view.notices.filter((n) => n.notice !== event.notice), notice] }
}

function submitted(view: AttemptView, event: Of<'submitted'>): AttemptView {
  return {
    ...view,
    phase: 'submitted',
    paused: false,
    identity_locked: false,
    last_seq: Math.max(view.last_seq, event.seq ?? 0),
    submitted: {
      at: event.as_of,
      ending: event.ending,
      unanswered: event.unanswered,
      late_count: 0,
      reason: event.reason ?? '',
    },
  }
}

/** A command the server has saved, before its own event comes: so that the answer never flickers back. */
export function saved(view: AttemptView, command: Numbered): AttemptView {
  if (command.seq <= view.last_seq || FINAL.includes(view.phase)) return view
  const after = { ...view, last_seq: command.seq }
  switch (command.type) {
    case 'answer':
      return given(after, command.no, command.choice)
    case 'clear':
      return given(after, command.no, '')
    case 'mark_for_later':
      return marked(after, command.no, command.on)
    case 'hand_in':
      return view // its event says how it ended
  }
}

/** What the physician sees: the server's answers under those still on their way. */
export function answersOf(view: AttemptView, waiting: readonly Numbered[]): Map<number, string> {
  const answers = new Map(view.answers.filter((one) => one.choice).map((one) => [one.no, one.choice]))
  for (const command of waiting) {
    if (command.type === 'answer') answers.set(command.no, command.choice)
    if (command.type === 'clear') answers.delete(command.no)
  }
  return answers
}

export function marksOf(view: AttemptView, waiting: readonly Numbered[]): Set<number> {
  const marks = new Set(view.marks)
  for (const command of waiting) {
    if (command.type !== 'mark_for_later') continue
    if (command.on) marks.add(command.no)
    else marks.delete(command.no)
  }
  return marks
}

/** Positions ever answered, cleared or not: what the rule "no way back in an A4 chain" looks at. */
export function touchedOf(view: AttemptView, waiting: readonly Numbered[]): Set<number> {
  const touched = new Set(view.answers.map((one) => one.no))
  for (const command of waiting) {
    if (command.type === 'answer' || command.type === 'clear') touched.add(command.no)
  }
  return touched
}
