/** The one ticking value of the desk: the server's present time, once a second, for everything that counts. */

import { computed, shallowRef } from 'vue'
import { ServerClock } from './server_clock'

export const serverClock = new ServerClock()

export function monotonicMs(): number {
  return performance.now()
}

const tick = shallowRef(monotonicMs())
setInterval(() => (tick.value = monotonicMs()), 1_000)

/** Monotonic milliseconds of this page, as of the last tick. */
export const presentMonotonicMs = computed(() => tick.value)

/** The server's time as of the last tick; before its first word this machine's own, which is better than nothing. */
export const presentMs = computed(() => serverClock.now(tick.value) ?? Date.now())

export function serverNowMs(): number {
  return serverClock.now(monotonicMs()) ?? Date.now()
}
