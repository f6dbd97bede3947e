/**
 * Which tiles are shown and in which order, kept calm.
 *
 * Attention changes all the time. If tiles moved at once, the one under the mouse would become another person at
 * the moment of the click; so while somebody is pointing or moving the cursor, the order waits.
 */

import { computed, onScopeDispose, type Ref, shallowRef, watch } from 'vue'
import { serverNowMs } from '../present'
import type { LookBook } from '../wall/looks'
import { inRooms, passes, type Refinement } from '../wall/refine'
import { arrange, Counts, type Filter, type View } from './arrange'
import { NameOrder } from './name_order'
import type { Board } from './useBoard'

const CALM_MS = 2_500
const REARRANGE_MS = 1_000

/** What narrows the board beside the counters: the rooms of this account, and what is chosen in the filter panel. */
export interface Narrowing {
  refinement: Refinement
  /** Null: everybody. */
  rooms: ReadonlySet<number> | null
}

export interface Arranging {
  view: Readonly<View>
  narrowing: () => Narrowing
  /** How many are entitled, null where that is not known (of some rooms only). */
  expected: () => number | null
  locale: () => string
  looks: LookBook
  /** Counts up when this account has looked at somebody. */
  looked: Ref<number>
  me: () => string
}

export interface Arrangement {
  order: Ref<readonly number[]>
  counts: Ref<Record<Filter, number>>
  /** All tiles in the order of names. */
  names: NameOrder
  /** Call on every sign that a person is at the board. */
  touch(): void
}

export function useArrangement(board: Board, by: Arranging): Arrangement {
  const order = shallowRef<readonly number[]>([])
  const names = new NameOrder((id) => board.store.get(id), () => board.store.all(), by.locale())
  const counted = new Counts()
  const recounted = shallowRef(0)
  let touchedAt = 0
  let dirty = false
  let reshaped = true

  function arrangeNow(): void {
    dirty = false
    if (reshaped) names.refresh()
    reshaped = false
    const seen = { nowMs: serverNowMs(), me: by.me(), looks: by.looks }
    const { refinement, rooms } = by.narrowing()
    const next = arrange(names, by.view, {
      nowMs: seen.nowMs,
      attention: (tile) => by.looks.rank(tile),
      passes: (tile) => inRooms(rooms, tile) && passes(refinement, tile, seen),
    })
    const same = next.length === order.value.length && next.every((id, index) => id === order.value[index])
    if (!same) order.value = next
  }

  function countAll(): void {
    counted.clear()
    for (const tile of board.store.all()) count(tile.attempt_id)
    recounted.value += 1
  }

  function count(attemptId: number): void {
    const tile = board.store.get(attemptId)
    const inScope = tile !== undefined && inRooms(by.narrowing().rooms, tile)
    counted.take(attemptId, inScope ? tile : undefined)
  }

  watch([() => by.view.filter, () => by.view.sort, () => by.view.search, () => by.narrowing().refinement], arrangeNow)
  watch(by.locale, (locale) => {
    names.speak(locale)
    arrangeNow()
  })
  watch(
    () => by.narrowing().rooms,
    () => {
      countAll()
      arrangeNow()
    },
  )
  // With every revision, not with every turn of Vue: each knows only its own changes.
  watch(
    board.revision,
    () => {
      for (const attemptId of board.touched) count(attemptId)
      dirty = true
    },
    { flush: 'sync' },
  )
  watch(board.shape, () => (reshaped = true), { flush: 'sync' })
  watch([board.revision, board.shape], () => {
    if (order.value.length === 0) arrangeNow()
  })
  watch(by.looked, () => (dirty = true))
  countAll()
  arrangeNow()
  const timer = setInterval(() => {
    const calm = performance.now() - touchedAt > CALM_MS
    const byTime = by.view.sort === 'minutes' || by.narrowing().refinement.switches.includes('offline_long')
    if (calm && (dirty || byTime)) arrangeNow()
  }, REARRANGE_MS)
  onScopeDispose(() => clearInterval(timer))

  const counts = computed(() => {
    void board.revision.value
    void recounted.value
    return counted.read(by.expected())
  })
  return { order, counts, names, touch: () => (touchedAt = performance.now()) }
}
