/** The rating of a self-evaluation: what is preset, whether it is complete, what is sent. */

import type { DecideReview, ReviewDetail } from '../wire'
import { reasonFault, type ReasonFault } from './reasons'

export const UNQUALIFIED_REASONS = Array.from({ length: 14 }, (_, n) => `U${String(n + 1).padStart(2, '0')}`)

export const LEGS = ['work', 'ethics'] as const

export type Verdict = '' | 'qualified' | 'unqualified'

export interface RatingDraft {
  work: Verdict
  ethics: Verdict
  /** null: not said yet. */
  conditionsMet: boolean | null
  reasonCode: string
  comment: string
}

export const BLANK: RatingDraft = { work: '', ethics: '', conditionsMet: null, reasonCode: '', comment: '' }

type Seen = Pick<ReviewDetail, 'row' | 'problems' | 'conduct' | 'shared_documents' | 'org_opinion'>

/** Nothing in the file asks to be looked at twice. */
export function isClear(seen: Seen): boolean {
  const institution = seen.org_opinion
  return (
    seen.row.flags.length === 0 &&
    seen.problems.length === 0 &&
    seen.shared_documents.length === 0 &&
    seen.conduct.every((record) => record.good) &&
    (institution === null || (institution.work === 'qualified' && institution.ethics === 'qualified'))
  )
}

export const asksConditions = (seen: Pick<ReviewDetail, 'row'>): boolean => seen.row.procedure === 'simple_applied'

/** A file without anything to look at twice begins as qualified, with `comment`; any other begins empty. */
export function presetRating(seen: Seen, comment: string): RatingDraft {
  if (!isClear(seen)) return BLANK
  const conditionsMet = asksConditions(seen) ? true : null
  return { work: 'qualified', ethics: 'qualified', conditionsMet, reasonCode: '', comment }
}

export const isUnqualified = (draft: RatingDraft): boolean =>
  draft.work === 'unqualified' || draft.ethics === 'unqualified'

/** The sentences offered for an opinion, under `review.rating.template`: those that say what the rating says. */
export function opinionsOf(draft: RatingDraft, agency: boolean): readonly string[] {
  if (draft.conditionsMet === false) return ['not_met_years', 'not_met_evidence', 'not_met_record']
  if (isUnqualified(draft)) return LEGS.filter((leg) => draft[leg] === 'unqualified').map((leg) => `unqualified_${leg}`)
  return agency ? ['agency_good', 'agency_agrees'] : ['institution_good', 'institution_excellent']
}

/** A sentence of ours as it was put into the opinion. */
export interface Placed {
  name: string
  text: string
}

/**
 * The opinion after the rating changed. The physician reads it, so a sentence of ours that no longer says what the rating
 * says goes, and the preset one comes back with its rating; what somebody wrote himself stays.
 */
export function opinionAfter(comment: string, placed: Placed, fitting: readonly string[], preset: Placed | null): string {
  const left = comment.trim() === placed.text && !fitting.includes(placed.name) ? '' : comment
  return left.trim() === '' && preset !== null && fitting.includes(preset.name) ? preset.text : left
}

export type RatingFault = 'no_conditions' | 'no_work' | 'no_ethics' | 'no_reason_code' | ReasonFault

/** What is missing. A condition that is not met decides alone: the physician then takes the general procedure. */
export function ratingFault(draft: RatingDraft, asked: { conditions: boolean; code: boolean }): RatingFault | null {
  if (asked.conditions && draft.conditionsMet === null) return 'no_conditions'
  if (draft.work === '') return 'no_work'
  if (draft.ethics === '') return 'no_ethics'
  const code = asked.code && isUnqualified(draft) && draft.conditionsMet !== false
  if (code && !UNQUALIFIED_REASONS.includes(draft.reasonCode)) return 'no_reason_code'
  return reasonFault(draft.comment)
}

export function ratingOf(draft: RatingDraft, version: number): DecideReview {
  return {
    version,
    act: 'approve',
    rating: {
      work: draft.work,
      ethics: draft.ethics,
      comment: draft.comment.trim(),
      conditions_met: draft.conditionsMet,
      reason_code: isUnqualified(draft) ? draft.reasonCode : '',
    },
  }
}
