/** The strip of all windows over time: where bars, months and today stand, in percent of its width. */

import { monthStart } from '../parts/shanghai'

export interface Span {
  key: string
  opensMs: number
  closesMs: number
}

export interface Bar {
  key: string
  left: number
  width: number
  state: 'before' | 'open' | 'closed'
}

export interface Mark {
  ms: number
  left: number
}

export interface Strip {
  bars: Bar[]
  months: Mark[]
  today: number
}

const WIDTH_MIN = 0.4 // percent: a window of an hour is still to be seen in a year
const MONTHS_MAX = 14

/** Whole months around all windows and today; null when there is no window to draw. */
export function stripOf(spans: readonly Span[], nowMs: number): Strip | null {
  if (spans.length === 0) return null
  const from = monthStart(Math.min(nowMs, ...spans.map((span) => span.opensMs)))
  const to = monthStart(Math.max(nowMs, ...spans.map((span) => span.closesMs - 1)), 1)
  const left = (ms: number) => (100 * (ms - from)) / (to - from)
  const bars = spans.map(({ key, opensMs, closesMs }): Bar => {
    const width = Math.max(WIDTH_MIN, left(closesMs) - left(opensMs))
    return { key, left: Math.min(left(opensMs), 100 - width), width, state: stateOf(opensMs, closesMs, nowMs) }
  })
  return { bars, months: marks(from, to).map((ms) => ({ ms, left: left(ms) })), today: left(nowMs) }
}

export function stateOf(opensMs: number, closesMs: number, nowMs: number): Bar['state'] {
  if (nowMs < opensMs) return 'before'
  return nowMs < closesMs ? 'open' : 'closed'
}

/** The first instants of months, so few that their names have room. */
function marks(from: number, to: number): number[] {
  const all: number[] = []
  for (let at = from; at < to; at = monthStart(at, 1)) all.push(at)
  const step = Math.ceil(all.length / MONTHS_MAX)
  return all.filter((_, index) => index % step === 0)
}

/** From one instant to another, in whole minutes. */
export function lengthOf(opensMs: number, closesMs: number): { days: number; hours: number; minutes: number } {
  const minutes = Math.round((closesMs - opensMs) / 60_000)
  return { days: Math.floor(minutes / 1440), hours: Math.floor(minutes / 60) % 24, minutes: minutes % 60 }
}
