/** Items that are nearly what is being typed: asked a moment after the last key, an older answer never over a newer one. */

import { asProblem, type Problem } from '@shared/problem'
import { onScopeDispose, type Ref, ref, shallowRef, watch } from 'vue'
import { bankHttp } from './http'
import type { NearAsked, NearRows } from './shapes'

const TYPING_MS = 600
const STEM_MIN = 4 // characters; below that everything is near to everything

export interface Near {
  rows: Ref<NearRows | null>
  busy: Ref<boolean>
  problem: Ref<Problem | null>
}

/** `asked`: null when there is nothing to be compared. */
export function useNear(asked: () => NearAsked | null): Near {
  const rows = shallowRef<NearRows | null>(null)
  const busy = ref(false)
  const problem = shallowRef<Problem | null>(null)
  let timer: ReturnType<typeof setTimeout> | undefined
  let run = 0

  async function look(question: NearAsked): Promise<void> {
    const mine = ++run
    busy.value = true
    try {
      const found = await bankHttp.near(question)
      if (mine !== run) return
      rows.value = found
      problem.value = null
    } catch (error) {
      if (mine === run) problem.value = asProblem(error)
    } finally {
      if (mine === run) busy.value = false
    }
  }

  let last = ''
  watch(
    () => JSON.stringify(asked()),
    (now) => {
      if (now === last) return
      const first = last === ''
      last = now
      clearTimeout(timer)
      run += 1
      const question = JSON.parse(now) as NearAsked | null
      if (question === null || question.stem.trim().length < STEM_MIN) rows.value = null
      else timer = setTimeout(() => void look(question), first ? 0 : TYPING_MS)
    },
    { immediate: true },
  )
  onScopeDispose(() => {
    clearTimeout(timer)
    run += 1
  })
  return { rows, busy, problem }
}
