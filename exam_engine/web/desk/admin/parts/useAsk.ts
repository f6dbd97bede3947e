/** Something asked of the server: one at a time, its refusal kept, and the log-in page when the session has ended. */

import { asProblem, type Problem } from '@shared/problem'
import { type Ref, ref, shallowRef } from 'vue'
import { useRouter } from 'vue-router'
import { forgetMe } from '../../session'

export interface Ask {
  busy: Ref<boolean>
  problem: Ref<Problem | null>
  /** The answer, or null when it was refused, nobody answered, or another question is under way. */
  run<T>(call: () => Promise<T>): Promise<T | null>
}

export function useAsk(): Ask {
  const busy = ref(false)
  const problem = shallowRef<Problem | null>(null)
  const toLogIn = useLogInAgain()

  async function run<T>(call: () => Promise<T>): Promise<T | null> {
    if (busy.value) return null
    busy.value = true
    problem.value = null
    try {
      return await call()
    } catch (error) {
      problem.value = asProblem(error)
      toLogIn(problem.value)
      return null
    } finally {
      busy.value = false
    }
  }
  return { busy, problem, run }
}

/** What to do with a refusal that says that nobody is logged in. */
export function useLogInAgain(): (problem: Problem) => void {
  const router = useRouter()
  return (problem) => {
    if (problem.status !== 401) return
    forgetMe()
    void router.replace({ name: 'login', query: { next: router.currentRoute.value.fullPath } })
  }
}
