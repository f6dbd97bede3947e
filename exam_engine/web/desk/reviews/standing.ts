/** What a reviewer may do with a file, and how much of a second look it asks for. */

import type { ReviewDetail } from '../wire'

/** The acts of the bar, in its order; others the server names are not for it. */
export const ACTS = ['approve', 'return', 'refuse', 'undo', 'reopen', 'close'] as const
export type Act = (typeof ACTS)[number]

export type Panel = '' | 'confirm' | 'rating' | 'rating_blank' | Exclude<Act, 'approve'>

export const isRated = (detail: Pick<ReviewDetail, 'row'>): boolean => detail.row.subject === 'evaluation'

/** An evaluation is decided by its rating: "not qualified" is a rating too, and needs no act of its own. */
export function actsOf(detail: Pick<ReviewDetail, 'row' | 'acts'>): Act[] {
  const may = new Set(detail.acts)
  if (isRated(detail)) {
    if (may.has('approve')) may.add('refuse')
    else may.delete('refuse')
  }
  return ACTS.filter((act) => may.has(act))
}

export type Doubt = 'flags' | 'problems' | 'shared' | 'not_eligible'

/** Why a file is not simply passed by one key: what the system noticed. */
export function doubtsOf(detail: ReviewDetail): Doubt[] {
  const found: Doubt[] = []
  if (detail.row.flags.length > 0) found.push('flags')
  if (detail.problems.length > 0) found.push('problems')
  if (detail.shared_documents.length > 0) found.push('shared')
  if (!detail.eligible) found.push('not_eligible')
  return found
}

/** What an act opens; '' when it is simply done. */
export function panelFor(act: Act, detail: ReviewDetail): Panel {
  if (act === 'approve') {
    if (isRated(detail)) return 'rating'
    return doubtsOf(detail).length > 0 ? 'confirm' : ''
  }
  return act === 'refuse' && isRated(detail) ? 'rating_blank' : act
}

/** The codes by which the server says that somebody else was faster. */
const OVERTAKEN: ReadonlySet<string> = new Set(['changed_meanwhile', 'illegal_move'])

export const isOvertaken = (code: string): boolean => OVERTAKEN.has(code)
