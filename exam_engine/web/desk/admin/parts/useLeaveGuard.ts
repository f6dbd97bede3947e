/** Asks before changes that are nowhere saved are left: for another page of the desk, or for another site. */

import { type Ref, ref } from 'vue'
import { onBeforeRouteLeave } from 'vue-router'
import { useUnloadWarning } from '../../parts/useUnloadWarning'

export interface LeaveGuard {
  asking: Ref<boolean>
  /** Resolves with whether to go; at once when nothing would be lost. */
  ask(): Promise<boolean>
  answer(leave: boolean): void
}

export function useLeaveGuard(unsaved: () => boolean): LeaveGuard {
  const asking = ref(false)
  let resolve: ((leave: boolean) => void) | null = null

  function answer(leave: boolean): void {
    asking.value = false
    resolve?.(leave)
    resolve = null
  }

  function ask(): Promise<boolean> {
    if (!unsaved()) return Promise.resolve(true)
    resolve?.(false)
    asking.value = true
    return new Promise((settle) => (resolve = settle))
  }

  // Whoever has to log in again can't save anyway.
  onBeforeRouteLeave((to) => (to.name === 'login' ? true : ask()))
  useUnloadWarning(unsaved)
  return { asking, ask, answer }
}
