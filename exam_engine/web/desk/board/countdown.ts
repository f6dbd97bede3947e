/** What is drawn from instants of the server and its present time; nothing here keeps time. */

import type { Tile } from '../wire'

type Timed = Pick<Tile, 'phase' | 'deadline_at' | 'paused_at' | 'ticking'>
type Seen = Pick<Tile, 'connected' | 'seen_at'>

/** Milliseconds left, null when no clock is running. While paused it stands where it was stopped, unless the policy lets it run. */
export function remainingMs(tile: Timed, nowMs: number): number | null {
  if (tile.phase !== 'running' || tile.deadline_at === null) return null
  const from = tile.paused_at === null || tile.ticking ? nowMs : Date.parse(tile.paused_at)
  return Math.max(0, Date.parse(tile.deadline_at) - from)
}

/** Whole seconds since the device was last seen; null while it is connected or was never seen. */
export function offlineSeconds(tile: Seen, nowMs: number): number | null {
  if (tile.connected !== false || tile.seen_at === null) return null
  return Math.max(0, Math.floor((nowMs - Date.parse(tile.seen_at)) / 1000))
}

/** 61:05, 9:59, 0:00 : minutes are not folded into hours, an exam is counted in minutes. */
export function asMinutes(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/** 45s, 3m, 2h: room for one number only. */
export function asShort(seconds: number): string {
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`
  return `${Math.floor(seconds / 3600)}h`
}

const OVER: ReadonlySet<string> = new Set(['submitted', 'marked', 'released', 'annulled'])

export function isOver(phase: string): boolean {
  return OVER.has(phase)
}
