/** Something sent about a case: one at a time, its refusal in words, and what to do when no answer came. */

import { asProblem, type Problem } from '@shared/problem'
import { ref, type Ref, shallowRef } from 'vue'
import type { CaseView } from '../wire'

export interface Deed {
  busy: Ref<boolean>
  problem: Ref<Problem | null>
  /** The case as the server has it after `call`; null when it was refused or nobody answered. */
  run(call: () => Promise<CaseView>): Promise<CaseView | null>
}

/** `onUnclear`: it may have happened, so the case must be read again before anything else is done. */
export function useDeed(onUnclear: () => void): Deed {
  const busy = ref(false)
  const problem = shallowRef<Problem | null>(null)

  async function run(call: () => Promise<CaseView>): Promise<CaseView | null> {
    if (busy.value) return null
    busy.value = true
    problem.value = null
    try {
      return await call()
    } catch (error) {
      problem.value = asProblem(error)
      if (problem.value.passing || problem.value.status === 409) onUnclear()
      return null
    } finally {
      busy.value = false
    }
  }
  return { busy, problem, run }
}
