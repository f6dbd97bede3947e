/**
 * Looking at a candidate: the server notes it and lets nobody else be surprised. A claim is said again while the look
 * lasts, and given back when the last window on the candidate is left.
 */

import { onScopeDispose, type Ref, shallowRef } from 'vue'
import { serverNowMs } from '../present'
import type { Tile } from '../wire'
import { wallHttp } from './http'
import type { LookOutcome } from './shapes'
import type { Proctoring } from './useProctoring'

const AGAIN_MS = 20_000 // less than half of what the server grants

export interface Claims {
  /** Per attempt that is being looked at, the server's word on it. */
  held: Ref<ReadonlyMap<number, LookOutcome>>
  enter(attemptId: number): void
  leave(attemptId: number): void
}

export function useClaims(proctoring: Proctoring, tileOf: (attemptId: number) => Tile | undefined): Claims {
  const held = shallowRef<ReadonlyMap<number, LookOutcome>>(new Map())
  const windows = new Map<number, number>()
  const timers = new Map<number, ReturnType<typeof setInterval>>()

  function enter(attemptId: number): void {
    const open = (windows.get(attemptId) ?? 0) + 1
    windows.set(attemptId, open)
    if (open > 1) return
    void look(attemptId)
    timers.set(
      attemptId,
      setInterval(() => void look(attemptId), AGAIN_MS),
    )
  }

  async function look(attemptId: number): Promise<void> {
    // A look that can't be noted is no reason not to look.
    const outcome = await wallHttp.look(attemptId).catch(() => null)
    if (outcome === null || !windows.has(attemptId)) return
    held.value = new Map(held.value).set(attemptId, outcome)
    note(attemptId, Date.parse(outcome.looked_at))
  }

  function note(attemptId: number, atMs: number): void {
    const tile = tileOf(attemptId)
    if (tile === undefined) return
    proctoring.looks.note(tile, atMs)
    proctoring.looked.value += 1
  }

  function leave(attemptId: number): void {
    const open = (windows.get(attemptId) ?? 0) - 1
    if (open > 0) {
      windows.set(attemptId, open)
      return
    }
    note(attemptId, serverNowMs()) // what came in while it was on the screen was seen
    forget(attemptId)
  }

  function forget(attemptId: number): void {
    if (!windows.delete(attemptId)) return
    clearInterval(timers.get(attemptId))
    timers.delete(attemptId)
    const rest = new Map(held.value)
    rest.delete(attemptId)
    held.value = rest
    wallHttp.lookAway(attemptId).catch(() => null) // it ends by itself
  }

  function leaveAll(): void {
    for (const attemptId of [...windows.keys()]) forget(attemptId)
  }

  window.addEventListener('pagehide', leaveAll)
  onScopeDispose(() => {
    window.removeEventListener('pagehide', leaveAll)
    leaveAll()
  })
  return { held, enter, leave }
}
