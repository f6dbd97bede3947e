/** An exam session bound to a page's life, and the ticking of its clock. */
import { onBeforeUnmount, onMounted, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { claimDevice, renewDevice } from './device'
import { openDrawer } from './drawer'
import { server } from './server'
import { ExamSession } from './session'
import type { ExamState } from './state'

const DRAW_MS = 250

export interface UsedSession {
  session: ExamSession
  state: ShallowRef<ExamState>
  leftMs: Ref<number>
}

export function useSession(attempt: number): UsedSession {
  const devices = { claim: claimDevice, renew: renewDevice }
  const leftMs = ref(0)
  const session = new ExamSession(attempt, server, openDrawer(), devices, (next) => {
    state.value = next
    draw()
  })
  const state = shallowRef(session.state)
  const seen = (): void => {
    if (document.visibilityState === 'visible') session.look()
  }
  const draw = (): void => {
    leftMs.value = session.countdown.left()
  }
  let timer: ReturnType<typeof setInterval> | undefined
  onMounted(() => {
    timer = setInterval(draw, DRAW_MS)
    document.addEventListener('visibilitychange', seen)
    window.addEventListener('online', seen)
    void session.open()
  })
  onBeforeUnmount(() => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', seen)
    window.removeEventListener('online', seen)
    session.close()
  })
  return { session, state, leftMs }
}
