/** Seconds that must pass before something may be done again; kept over a reload of the tab. */
import { onScopeDispose, ref, type Ref } from 'vue'
import { forget, recall, remember } from '@shared/keep'

const TICK_MS = 250

/** Whole seconds left, never more than was asked: a clock set back must not lock anybody out. */
export function secondsLeft(until: number, now: number, most: number): number {
  return Math.min(most, Math.max(0, Math.ceil((until - now) / 1000)))
}

export interface Wait {
  left: Ref<number>
  begin: (seconds: number) => void
}

/** `name`: what it is kept under in this tab; '' keeps nothing. `now` in ms. */
export function useWait(name: string, now: () => number = Date.now): Wait {
  const [until = 0, most = 0] = (name ? (recall(name, 'tab') ?? '') : '').split(' ').map(Number)
  const left = ref(0)
  let end = { until, most }
  let timer: ReturnType<typeof setInterval> | undefined

  function tick(): void {
    left.value = secondsLeft(end.until, now(), end.most)
    if (left.value > 0) return
    clearInterval(timer)
    if (name) forget(name, 'tab')
  }

  function run(): void {
    clearInterval(timer)
    timer = setInterval(tick, TICK_MS)
    tick()
  }

  function begin(seconds: number): void {
    end = { until: now() + seconds * 1000, most: seconds }
    if (name) remember(name, `${end.until} ${end.most}`, 'tab')
    run()
  }

  if (until) run()
  onScopeDispose(() => clearInterval(timer))
  return { left, begin }
}
