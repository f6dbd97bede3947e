/** Everything proctoring knows of one candidate, read again soon after his tile changed. */

import { asProblem, type Problem } from '@shared/problem'
import { onScopeDispose, type Ref, shallowRef, watch } from 'vue'
import type { Tile } from '../wire'
import { wallHttp } from './http'
import type { CandidateView } from './shapes'

const FRESHEN_MS = 700

export interface Candidate {
  view: Ref<CandidateView | null>
  problem: Ref<Problem | null>
  refresh(): Promise<void>
}

/** `attemptId` null: nobody. `allowed` false: this role may not see it, and nothing is asked. */
export function useCandidate(
  attemptId: () => number | null,
  tile: () => Tile | undefined,
  allowed: boolean,
): Candidate {
  const view = shallowRef<CandidateView | null>(null)
  const problem = shallowRef<Problem | null>(null)
  let timer: ReturnType<typeof setTimeout> | null = null

  async function refresh(): Promise<void> {
    const id = attemptId()
    if (id === null || !allowed) return
    try {
      const answer = await wallHttp.candidate(id)
      if (attemptId() !== id) return
      view.value = answer
      problem.value = null
    } catch (error) {
      if (attemptId() === id) problem.value = asProblem(error)
    }
  }

  watch(
    attemptId,
    () => {
      view.value = null
      problem.value = null
      void refresh()
    },
    { immediate: true },
  )
  watch(
    () => signature(tile()),
    () => {
      timer ??= setTimeout(() => {
        timer = null
        void refresh()
      }, FRESHEN_MS)
    },
  )
  onScopeDispose(() => timer !== null && clearTimeout(timer))
  return { view, problem, refresh }
}

/** What of a tile says that proctoring knows more; answers alone do not. */
function signature(tile: Tile | undefined): string {
  if (tile === undefined) return ''
  return [tile.changed_at, tile.incidents, tile.worst, tile.capture, tile.case_open, tile.identity, tile.photo].join(' ')
}
