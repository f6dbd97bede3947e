/** The queue of photos that wait: where the cursor is, what a key means, what is left after a decision. */

import type { PhotoRow } from '../wire'

export interface Queue {
  rows: readonly PhotoRow[]
  /** Waiting at the server, those on the page among them. */
  total: number
  cursor: number | null
}

export const EMPTY: Queue = { rows: [], total: 0, cursor: null }

/** The queue as just read; the cursor stays on its photo, else goes to the head. */
export function read(queue: Queue, rows: readonly PhotoRow[], total: number): Queue {
  const stays = rows.some((row) => row.photo_id === queue.cursor)
  return { rows, total, cursor: stays ? queue.cursor : (rows[0]?.photo_id ?? null) }
}

export function current(queue: Queue): PhotoRow | null {
  return queue.rows.find((row) => row.photo_id === queue.cursor) ?? null
}

export function moved(queue: Queue, by: number): Queue {
  const at = queue.rows.findIndex((row) => row.photo_id === queue.cursor)
  const next = queue.rows[Math.min(queue.rows.length - 1, Math.max(0, at + by))]
  return next === undefined ? queue : { ...queue, cursor: next.photo_id }
}

export function aimed(queue: Queue, photoId: number): Queue {
  return queue.rows.some((row) => row.photo_id === photoId) ? { ...queue, cursor: photoId } : queue
}

/** Without a decided photo. The cursor, if it stood there, goes to the next, at the end to the last. */
export function decided(queue: Queue, photoId: number): Queue {
  const at = queue.rows.findIndex((row) => row.photo_id === photoId)
  if (at < 0) return queue
  const rows = queue.rows.filter((row) => row.photo_id !== photoId)
  const cursor = queue.cursor === photoId ? (rows[Math.min(at, rows.length - 1)]?.photo_id ?? null) : queue.cursor
  return { rows, total: queue.total - 1, cursor }
}

export type PhotoDeed = 'approve' | 'refuse' | 'next' | 'previous'

const DEEDS: Record<string, PhotoDeed> = {
  a: 'approve',
  r: 'refuse',
  ArrowDown: 'next',
  ArrowRight: 'next',
  ArrowUp: 'previous',
  ArrowLeft: 'previous',
}

/** What a key means. One held down moves on, but decides nothing: each photo takes a press of its own. */
export function photoDeed(key: string, repeated: boolean): PhotoDeed | null {
  const deed = DEEDS[key.length === 1 ? key.toLowerCase() : key] ?? null
  return repeated && (deed === 'approve' || deed === 'refuse') ? null : deed
}
