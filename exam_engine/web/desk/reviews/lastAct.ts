/** The last decision of this tab, for as long as it may be taken back: the banner on whatever page comes after it. */

import { shallowRef } from 'vue'
import type { Decided } from '../wire'

export interface LastAct {
  fileId: number
  name: string
  subject: string
  /** What was done: approve, return, refuse; for an evaluation the rating says more. */
  act: string
  state: string
  version: number
  mayUndo: boolean
}

export const lastAct = shallowRef<LastAct | null>(null)

/** Whose decision was just taken back: the page it was asked for on may have been left for the next one meanwhile. */
export const givenBack = shallowRef('')

export function remembered(answer: Decided, of: { name: string; subject: string; act: string }): LastAct {
  return { ...of, fileId: answer.file_id, state: answer.state, version: answer.version, mayUndo: answer.may_undo }
}
