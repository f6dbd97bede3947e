/** One candidate's journal, read again soon after his tile has a new version. */

import { asProblem, type Problem } from '@shared/problem'
import { onScopeDispose, type Ref, shallowRef, watch } from 'vue'
import { http } from '../http'
import type { Tile, Timeline } from '../wire'

const FRESHEN_MS = 1_500

export interface JournalInUse {
  timeline: Ref<Timeline | null>
  problem: Ref<Problem | null>
}

export function useTimeline(attemptId: () => number | null, tile: () => Tile | undefined): JournalInUse {
  const timeline = shallowRef<Timeline | null>(null)
  const problem = shallowRef<Problem | null>(null)
  let timer: ReturnType<typeof setTimeout> | null = null

  async function load(): Promise<void> {
    const id = attemptId()
    if (id === null) return
    try {
      const answer = await http.timeline(id)
      if (attemptId() !== id) return
      timeline.value = answer
      problem.value = null
    } catch (error) {
      if (attemptId() === id) problem.value = asProblem(error)
    }
  }

  watch(
    attemptId,
    () => {
      timeline.value = null
      problem.value = null
      void load()
    },
    { immediate: true },
  )
  watch(
    () => tile()?.version,
    () => {
      timer ??= setTimeout(() => {
        timer = null
        void load()
      }, FRESHEN_MS)
    },
  )
  onScopeDispose(() => timer !== null && clearTimeout(timer))
  return { timeline, problem }
}
