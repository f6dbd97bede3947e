/** The pools of this account, and which of them is looked at: it stands in the address, and this tab remembers it. */

import { asProblem, type Problem } from '@shared/problem'
import { recall, remember } from '@shared/keep'
import { computed, type ComputedRef, type Ref, shallowRef } from 'vue'
import { useRoute } from 'vue-router'
import { useLogInAgain } from '../admin/parts/useAsk'
import { me } from '../session'
import { bankHttp } from './http'
import type { PoolRow } from './shapes'

const SLOT = 'bank-pool'
const held = shallowRef<readonly PoolRow[] | null>(null)
let holder = -1

export interface UsedPools {
  /** null until they are there. */
  pools: Ref<readonly PoolRow[] | null>
  problem: Ref<Problem | null>
  pool: ComputedRef<PoolRow | null>
  reload(): Promise<void>
  put(pools: readonly PoolRow[]): void
}

export function usePools(): UsedPools {
  const problem = shallowRef<Problem | null>(null)
  const route = useRoute()
  const toLogIn = useLogInAgain()
  const account = me.value?.account_id ?? 0
  if (holder !== account) held.value = null
  holder = account

  const pool = computed(() => {
    const wanted = typeof route.query['pool'] === 'string' ? route.query['pool'] : (recall(SLOT, 'tab') ?? '')
    const all = held.value ?? []
    const found = all.find((one) => one.pool === wanted) ?? all[0] ?? null
    if (found !== null) remember(SLOT, found.pool, 'tab')
    return found
  })

  async function reload(): Promise<void> {
    try {
      held.value = (await bankHttp.pools()).pools
      problem.value = null
    } catch (error) {
      problem.value = asProblem(error)
      toLogIn(problem.value)
    }
  }

  if (held.value === null) void reload()
  return { pools: held, problem, pool, reload, put: (pools) => (held.value = pools) }
}
