/** How many files wait for this account's decision: for the menu. One light question a minute, after decisions and on news. */

import { computed, onScopeDispose, type Ref, watch } from 'vue'
import { useRoute } from 'vue-router'
import { onMessage } from '../inbox/news'
import { me } from '../session'
import { waitingState } from './filters'
import { givenBack, lastAct } from './lastAct'
import { forgetQueue, useQueue } from './useQueue'

const REFRESH_MS = 60_000

/** 0 while nothing is known, and for roles that decide nothing. */
export function useWaiting(): Readonly<Ref<number>> {
  const queue = useQueue()
  const route = useRoute()
  const asks = computed(() => waitingState(me.value?.role ?? '') !== '')
  watch(
    () => me.value?.account_id,
    () => {
      forgetQueue()
      lastAct.value = null
      givenBack.value = ''
    },
  )
  watch(
    [asks, () => route.meta['place'], () => me.value?.account_id],
    () => asks.value && void queue.count(),
    { immediate: true },
  )
  const timer = setInterval(() => asks.value && void queue.count(), REFRESH_MS)
  const stop = onMessage((message) => asks.value && queue.hear(message))
  onScopeDispose(() => {
    clearInterval(timer)
    stop()
  })
  return queue.waiting
}
