/** The live board of one sitting, as the page uses it. */

import { onScopeDispose, ref, type Ref, shallowRef, watch } from 'vue'
import { http, liveUrl } from '../http'
import { monotonicMs, serverClock } from '../present'
import type { Tile } from '../wire'
import { BoardFeed, type Line } from './feed'
import { type Change, TileStore } from './tiles'

export interface Board {
  store: TileStore
  /** Counts up whenever something differs; at most once per animation frame. */
  revision: Ref<number>
  /** Counts up whenever tiles appeared or vanished. */
  shape: Ref<number>
  /** Whose tiles changed with the newest revision. */
  touched: readonly number[]
  line: Ref<Line>
  heardAtMs: Ref<number>
  endedCode: Ref<string>
}

/** `onlyMine`: the server leaves out the rooms this account does not hold. */
export function useBoard(
  sittingId: number,
  onlyMine: Ref<boolean>,
  onWaiting: (tiles: readonly Tile[]) => void,
): Board {
  const store = new TileStore()
  const revision = shallowRef(0)
  const shape = shallowRef(0)
  const line = ref<Line>('connecting')
  const heardAtMs = ref(monotonicMs())
  const endedCode = ref('')
  let frame = 0
  let reshaped = false
  let touched = new Set<number>()
  let first = true

  // Words are merged at once (a hidden tab gets no animation frames, yet must not heap them up) and shown in frames.
  function show(change: Change): void {
    if (change.waiting.length > 0 && !first) onWaiting(change.waiting)
    first = false
    if (!change.changed) return
    reshaped ||= change.reshaped
    for (const attemptId of change.touched) touched.add(attemptId)
    if (frame === 0) frame = requestAnimationFrame(draw)
  }

  function draw(): void {
    frame = 0
    board.touched = [...touched]
    touched = new Set()
    if (reshaped) shape.value += 1
    reshaped = false
    revision.value += 1
  }

  const board: Board = { store, revision, shape, touched: [], line, heardAtMs, endedCode }
  const feed = new BoardFeed(
    {
      openSocket: () => new WebSocket(liveUrl(sittingId, onlyMine.value)),
      poll: () => http.board(sittingId, onlyMine.value),
      random: Math.random,
    },
    {
      board: (tiles) => show(store.replace(tiles)),
      tiles: (tiles) => show(store.merge(tiles)),
      heard: (nowIso) => {
        heardAtMs.value = monotonicMs()
        if (nowIso !== undefined) serverClock.hear(nowIso, monotonicMs())
      },
      line: (said) => (line.value = said),
      ended: (code) => (endedCode.value = code),
    },
  )
  feed.start()
  watch(onlyMine, () => {
    first = true // who comes into sight has not begun to wait just now
    feed.again()
  })
  onScopeDispose(() => {
    feed.stop()
    if (frame !== 0) cancelAnimationFrame(frame)
  })
  return board
}
