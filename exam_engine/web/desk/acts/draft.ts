/**
 * One act on its way: filled in, confirmed, sent, and perhaps sent again.
 *
 * The request id belongs to the words as they were sent. While it is not known whether they arrived, nothing may
 * be changed and a retry carries the same id, so that a candidate can't be warned or extended twice. Once the
 * server has said no, a changed form is a new act with a new id.
 */

import type { Problem } from '@shared/problem'
import type { ActOutcome, ActRequest } from '../wire'
import { type ActForm, type ActKind, commandOf, formFault, NEEDS } from './kinds'

export type Step = 'editing' | 'confirming' | 'sending' | 'unsure' | 'done'

export interface Draft {
  kind: ActKind
  attemptIds: readonly number[]
  everybody: boolean
  /** How many it concerns, as far as the desk knows. */
  headcount: number
  busy?: readonly string[]
  form: ActForm
  typed: string
  requestId: string
  step: Step
  problem: Problem | null
  outcome: ActOutcome | null
}

export interface Aim {
  kind: ActKind
  attemptIds: readonly number[]
  everybody: boolean
  headcount: number
  /** Others who are busy with one of them just now: acting needs a second thought. */
  busy?: readonly string[]
}

export function begin(aim: Aim, form: ActForm, requestId: string): Draft {
  return { ...aim, form, typed: '', requestId, step: 'editing', problem: null, outcome: null }
}

/** More than one person, an act that can't be undone, or somebody else at it: confirmed with the number in sight. */
export function needsConfirming(draft: Draft): boolean {
  return draft.headcount > 1 || draft.everybody || NEEDS[draft.kind].grave || (draft.busy ?? []).length > 0
}

/** What must be typed to confirm a grave act: the number of people it hits. */
export function confirmed(draft: Draft): boolean {
  return !NEEDS[draft.kind].grave || draft.typed.trim() === String(draft.headcount)
}

export function mayProceed(draft: Draft): boolean {
  if (draft.headcount === 0 || formFault(draft.kind, draft.form) !== null) return false
  if (draft.step === 'editing') return true
  return draft.step === 'unsure' || (draft.step === 'confirming' && confirmed(draft))
}

/** The next step when the main button is pressed. */
export function proceed(draft: Draft): Draft {
  if (!mayProceed(draft)) return draft
  const ask = draft.step === 'editing' && needsConfirming(draft)
  return { ...draft, step: ask ? 'confirming' : 'sending', problem: null }
}

export function back(draft: Draft): Draft {
  return draft.step === 'confirming' ? { ...draft, step: 'editing', typed: '' } : draft
}

export function requestOf(draft: Draft): ActRequest {
  return {
    request_id: draft.requestId,
    command: commandOf(draft.kind, draft.form),
    attempt_ids: draft.everybody ? [] : [...draft.attemptIds],
    everybody: draft.everybody,
  }
}

export function answered(draft: Draft, outcome: ActOutcome): Draft {
  return { ...draft, step: 'done', outcome }
}

/** The server said no: nothing was done under this id, and what is sent next is another act. */
export function refused(draft: Draft, problem: Problem, nextRequestId: string): Draft {
  return { ...draft, step: 'editing', typed: '', problem, requestId: nextRequestId }
}

/** No answer came: it may have happened. */
export function lost(draft: Draft): Draft {
  return { ...draft, step: 'unsure' }
}
