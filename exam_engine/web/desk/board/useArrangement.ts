/**
 * Which tiles are shown and in which order, kept calm.
 *
 * Attention changes all the time. If tiles moved at once, the one under the mouse would become another person at
 * the moment of the click; so while somebody is pointing or moving the cursor, the order waits.
 */

import { computed, onScopeDispose, type Ref, shallowRef, watch } from 'vue'
import { serverNowMs } from '../present'
import { arrange, count, type Filter, type View } from './arrange'
import type { Board } from './useBoard'

const CALM_MS = 2_500
const REARRANGE_MS = 1_000

export interface Arrangement {
  order: Ref<readonly number[]>
  counts: Ref<Record<Filter, number>>
  /** Call on every sign that a person is at the board. */
  touch(): void
}

export function useArrangement(
  board: Board,
  view: Readonly<View>,
  expected: () => number,
  locale: () => string,
): Arrangement {
  const order = shallowRef<readonly number[]>([])
  let touchedAt = 0
  let dirty = false

  function arrangeNow(): void {
    dirty = false
    const next = arrange(board.store.all(), view, serverNowMs(), locale())
    const same = next.length === order.value.length && next.every((id, index) => id === order.value[index])
    if (!same) order.value = next
  }

  watch([() => view.filter, () => view.sort, () => view.search, locale], arrangeNow)
  watch([board.revision, board.shape], () => {
    dirty = true
    if (order.value.length === 0) arrangeNow()
  })
  const timer = setInterval(() => {
    const calm = performance.now() - touchedAt > CALM_MS
    if (calm && (dirty || view.sort === 'minutes')) arrangeNow()
  }, REARRANGE_MS)
  onScopeDispose(() => clearInterval(timer))

  const counts = computed(() => {
    void board.revision.value
    return count(board.store.all(), expected())
  })
  return { order, counts, touch: () => (touchedAt = performance.now()) }
}
