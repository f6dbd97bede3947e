/** What the wall needs beside its tiles, asked for every ten seconds and after own changes. */

import { asProblem, type Problem } from '@shared/problem'
import { onScopeDispose, ref, type Ref, shallowRef } from 'vue'
import { monotonicMs, serverClock } from '../present'
import { wallHttp } from './http'
import { LookBook } from './looks'
import type { Proctored } from './shapes'

const POLL_MS = 10_000

export interface Proctoring {
  state: Ref<Proctored | null>
  problem: Ref<Problem | null>
  looks: LookBook
  /** Counts up when somebody was looked at. */
  looked: Ref<number>
  /** Ask again now: something of one's own changed. */
  refresh(): Promise<void>
  /** An answer of the server to a change of one's own. */
  take(state: Proctored): void
}

export function useProctoring(sittingId: number): Proctoring {
  const state = shallowRef<Proctored | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const looks = new LookBook()
  const looked = ref(0)
  let timer: ReturnType<typeof setTimeout> | null = null
  let over = false

  function take(answer: Proctored): void {
    serverClock.hear(answer.now, monotonicMs())
    looks.hear(answer.looked)
    looked.value += 1
    state.value = answer
    problem.value = null
  }

  async function refresh(): Promise<void> {
    if (timer !== null) clearTimeout(timer)
    const mine = (timer = setTimeout(() => undefined, POLL_MS)) // whoever asks meanwhile takes the turn over
    try {
      const answer = await wallHttp.proctoring(sittingId)
      if (timer === mine && !over) take(answer)
    } catch (error) {
      problem.value = asProblem(error)
    }
    if (timer !== mine || over) return
    clearTimeout(mine)
    timer = setTimeout(() => void refresh(), POLL_MS)
  }

  void refresh()
  onScopeDispose(() => {
    over = true
    if (timer !== null) clearTimeout(timer)
  })
  return { state, problem, looks, looked, refresh, take }
}
