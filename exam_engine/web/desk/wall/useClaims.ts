/** Looking at a candidate: the server notes it and lets nobody else be surprised; given back when the look ends. */

import { onScopeDispose, type Ref, shallowRef } from 'vue'
import { serverNowMs } from '../present'
import type { Tile } from '../wire'
import { Claims } from './claims'
import { wallHttp } from './http'
import type { LookOutcome } from './shapes'
import type { Proctoring } from './useProctoring'

export interface ClaimsInUse {
  /** Per attempt that is being looked at, the server's word on it. */
  held: Ref<ReadonlyMap<number, LookOutcome>>
  enter(attemptId: number): void
  leave(attemptId: number): void
}

export function useClaims(proctoring: Proctoring, tileOf: (attemptId: number) => Tile | undefined): ClaimsInUse {
  const held = shallowRef<ReadonlyMap<number, LookOutcome>>(new Map())
  const claims = new Claims({
    look: wallHttp.look,
    lookAway: wallHttp.lookAway,
    looked: (attemptId, outcome) => {
      held.value = new Map(held.value).set(attemptId, outcome)
      note(attemptId, Date.parse(outcome.looked_at))
    },
    left: (attemptId) => {
      const rest = new Map(held.value)
      rest.delete(attemptId)
      held.value = rest
      note(attemptId, serverNowMs()) // what came in while it was on the screen was seen
    },
  })

  function note(attemptId: number, atMs: number): void {
    const tile = tileOf(attemptId)
    if (tile === undefined) return
    proctoring.looks.note(tile, atMs)
    proctoring.looked.value += 1
  }

  const leaveAll = (): void => claims.leaveAll()
  window.addEventListener('pagehide', leaveAll)
  onScopeDispose(() => {
    window.removeEventListener('pagehide', leaveAll)
    leaveAll()
  })
  return { held, enter: (attemptId) => claims.enter(attemptId), leave: (attemptId) => claims.leave(attemptId) }
}
