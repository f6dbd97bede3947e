/** What a blueprint gives with the pool as it is, asked a moment after each change; an answer to an older draft is dropped. */

import { asProblem, type Problem } from '@shared/problem'
import { onScopeDispose, type Ref, ref, shallowRef, watch } from 'vue'
import { papersHttp } from './http'
import type { Asked, Feasibility } from './shapes'

const TYPING_MS = 250

export interface UsedFeasibility {
  found: Ref<Feasibility | null>
  asking: Ref<boolean>
  problem: Ref<Problem | null>
}

export function useFeasibility(asked: () => Asked | null): UsedFeasibility {
  const found = shallowRef<Feasibility | null>(null)
  const asking = ref(false)
  const problem = shallowRef<Problem | null>(null)
  let run = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  async function ask(): Promise<void> {
    const mine = ++run
    const body = asked()
    if (body === null) return
    asking.value = true
    try {
      const answer = await papersHttp.check(body)
      if (mine === run) [found.value, problem.value] = [answer, null]
    } catch (error) {
      if (mine === run) problem.value = asProblem(error)
    } finally {
      if (mine === run) asking.value = false
    }
  }

  watch(
    () => JSON.stringify(asked()),
    () => {
      clearTimeout(timer)
      timer = setTimeout(() => void ask(), TYPING_MS)
    },
    { immediate: true },
  )
  onScopeDispose(() => {
    clearTimeout(timer)
    run += 1
  })
  return { found, asking, problem }
}
