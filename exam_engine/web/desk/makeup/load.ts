/** How full slots are, for the chart and the table. */
import type { Plan, Slot, Solved } from './shapes'

export interface Load {
  slot: Slot
  people: number
  far: number
  free: number
  percent: number
}

/** Of every open slot, as the plan stands, or as it would stand after what the solver proposes. */
export function loadsOf(plan: Plan, proposed: Solved | null = null): Load[] {
  const after = new Map(proposed?.loads.map((load) => [load.slot_id, load.people]) ?? [])
  return plan.windows
    .flatMap((window) => window.slots)
    .filter((slot) => !slot.closed || slot.people > 0)
    .map((slot) => {
      const people = after.get(slot.slot_id) ?? slot.people
      const far = proposed === null ? slot.far : 0
      return { slot, people, far, free: Math.max(0, slot.capacity - people), percent: Math.round((100 * people) / slot.capacity) }
    })
}

export interface Spread {
  name: string
  people: number
}
const DISTANCES = ['district', 'city', 'province', 'far', 'unknown', 'online'] as const

/** How many are sent how far, the nearest first. */
export const spreadOf = (distances: Record<string, number>): Spread[] =>
  DISTANCES.filter((name) => distances[name]).map((name) => ({ name, people: distances[name] ?? 0 }))

/** Whether people told today would be told early enough. */
export const inTime = (opensAt: string, nowMs: number, days: number): boolean =>
  Date.parse(opensAt) - nowMs >= days * 86_400_000

/** The soonest slot somebody has a seat in. */
export function soonest(plan: Plan): Slot | null {
  const used = plan.windows.flatMap((window) => window.slots).filter((slot) => slot.people > 0)
  return used.reduce<Slot | null>((first, slot) => (first === null || slot.opens_at < first.opens_at ? slot : first), null)
}
