/**
 * Something sent once, under an id of its own: a flag, a case.
 *
 * While it is not known whether it arrived, nothing may be changed and a retry carries the same id; once the server
 * has said no, what is sent next is another one with another id.
 */

import { asProblem, type Problem } from '@shared/problem'

export interface Errand {
  step: 'editing' | 'sending' | 'unsure' | 'done'
  requestId: string
  problem: Problem | null
}

export function begun(requestId: string): Errand {
  return { step: 'editing', requestId, problem: null }
}

export function failed(errand: Errand, error: unknown, nextRequestId: string): Errand {
  const problem = asProblem(error)
  const unclear = problem.passing || problem.status < 0
  if (unclear) return { ...errand, step: 'unsure', problem }
  return { step: 'editing', requestId: nextRequestId, problem }
}
