/** What this account may do about a case, why not, and whether a form is complete. */

import type { CaseView, Decide } from '../wire'

export type Verdict = Decide['verdict']
export const MEASURES = ['none', 'warning', 'void'] as const
export type Measure = (typeof MEASURES)[number]

export const REASON_CHARS_MIN = 5
export const REASON_CHARS_MAX = 2000

export type ReasonFault = 'too_short' | 'too_long'

/** Counted as the server counts: characters, without the blanks around. */
export function reasonFault(reason: string): ReasonFault | null {
  const count = [...reason.trim()].length
  if (count < REASON_CHARS_MIN) return 'too_short'
  return count > REASON_CHARS_MAX ? 'too_long' : null
}

export interface Judgement {
  verdict: Verdict | ''
  measure: Measure | ''
  reason: string
}

export type JudgementFault = 'no_verdict' | 'no_measure' | ReasonFault

/** Nothing is preset: neither a verdict nor a measure is ever given by pressing on. */
export function judgementFault(form: Judgement): JudgementFault | null {
  if (form.verdict === '') return 'no_verdict'
  if (form.verdict === 'confirm' && form.measure === '') return 'no_measure'
  return reasonFault(form.reason)
}

export function decisionOf(form: Judgement): Decide {
  const measure = form.verdict === 'confirm' && form.measure !== '' ? form.measure : 'none'
  return { verdict: form.verdict === 'confirm' ? 'confirm' : 'dismiss', measure, reason: form.reason.trim() }
}

/** Voiding ends a leg without a second go: it is asked once more. */
export function isGrave(form: Judgement): boolean {
  return form.verdict === 'confirm' && form.measure === 'void'
}

const UNDECIDED: ReadonlySet<string> = new Set(['open', 'notified', 'replied'])

export interface Standing {
  mayConfirm: boolean
  mayDismiss: boolean
  mayDecideAppeal: boolean
  mayAttach: boolean
  /** A decision is still to come from somebody. */
  undecided: boolean
  appealed: boolean
  /** What stands in the way of this account, when a decision or an appeal is still open; a code of the server. */
  why: string
}

export function standingOf(view: CaseView): Standing {
  const can = new Set(view.can)
  const undecided = UNDECIDED.has(view.case.phase)
  const appealed = view.case.phase === 'appealed'
  return {
    mayConfirm: can.has('confirm'),
    mayDismiss: can.has('dismiss'),
    mayDecideAppeal: can.has('decide_appeal'),
    mayAttach: can.has('attach'),
    undecided,
    appealed,
    why: undecided || appealed ? view.why_not : '',
  }
}

/** The instant somebody has time until, while it matters: to reply, or to appeal. */
export function deadlineOf(view: Pick<CaseView, 'case' | 'reply_until' | 'appeal_until'>): string | null {
  if (view.case.phase === 'notified') return view.reply_until
  return view.case.phase === 'confirmed' ? view.appeal_until : null
}
