/** How a window stands at an instant, in days of China's calendar. */
import type { Window } from './shapes'

export interface Standing {
  state: 'unknown' | 'ahead' | 'open' | 'closed'
  /** Calendar days until it opens (ahead), or until its last day (open); 0 is today. */
  days: number
}

const DAY_MS = 86_400_000
const CHINA_MS = 8 * 3_600_000

const dayOf = (ms: number): number => Math.floor((ms + CHINA_MS) / DAY_MS)

export function standing(window: Window | null, now: string): Standing {
  if (!window) return { state: 'unknown', days: 0 }
  const [at, opens, closes] = [Date.parse(now), Date.parse(window.opens_at), Date.parse(window.closes_at)]
  if (at < opens) return { state: 'ahead', days: dayOf(opens) - dayOf(at) }
  if (at >= closes) return { state: 'closed', days: 0 }
  return { state: 'open', days: dayOf(closes - 1) - dayOf(at) }
}

/** Days until a due date; negative when it is over. */
export const daysUntil = (due: string, now: string): number => dayOf(Date.parse(due) - 1) - dayOf(Date.parse(now))
