/** How many open cases wait for this account's decision: for the menu. One light question a minute, and after moves. */

import { computed, onScopeDispose, type Ref, ref, watch } from 'vue'
import { useRoute } from 'vue-router'
import { mayVisit } from '../parts/menu'
import { me } from '../session'
import { caseHttp } from './http'
import { awaits } from './listing'

const REFRESH_MS = 60_000

const changes = ref(0)

/** Something was decided on this page: the menu counts at once. */
export function countAgain(): void {
  changes.value += 1
}

/** 0 while nothing is known, and for roles that decide nothing. */
export function useAwaiting(): Ref<number> {
  const count = ref(0)
  const route = useRoute()
  // Who can be awaited at all: nobody else needs to ask.
  const asks = computed(() => {
    const role = me.value?.role ?? ''
    return mayVisit('cases', role) && ['replied', 'appealed'].some((phase) => awaits({ phase }, role))
  })

  async function load(): Promise<void> {
    if (!asks.value) {
      count.value = 0
      return
    }
    const role = me.value?.role ?? ''
    try {
      const { cases } = await caseHttp.list({ state: 'open' })
      count.value = cases.filter((row) => awaits(row, role)).length
    } catch {
      // A badge is no place to complain; the page of cases says what is wrong.
    }
  }

  watch([asks, () => route.meta['place'], changes], () => void load(), { immediate: true })
  const timer = setInterval(() => void load(), REFRESH_MS)
  onScopeDispose(() => clearInterval(timer))
  return count
}
