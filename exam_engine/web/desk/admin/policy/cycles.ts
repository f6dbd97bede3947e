/** 考核周期: which one is now, what the next would be, and what is wrong in a new one. Days are `YYYY-MM-DD`. */

import type { CycleView } from '../shapes'

const CYCLE_YEARS = 3 // domain.md R-102
const DAY_MS = 86_400_000
const CYCLE_MAX = 8999

export interface CycleDraft {
  cycle: number | null
  name: string
  starts_on: string
  ends_on: string
}

export type CycleFault = 'no_number' | 'number_taken' | 'no_name' | 'days_wrong' | 'overlaps'

export function cycleState(cycle: Pick<CycleView, 'starts_on' | 'ends_on'>, today: string): 'before' | 'now' | 'over' {
  if (today < cycle.starts_on) return 'before'
  return today <= cycle.ends_on ? 'now' : 'over'
}

/** Three years from the day after the last one; without any, from the beginning of this year. */
export function nextCycle(cycles: readonly CycleView[], today: string): Omit<CycleDraft, 'name'> {
  const last = cycles.reduce((most, one) => (one.ends_on > most ? one.ends_on : most), '')
  const starts_on = last === '' ? `${today.slice(0, 4)}-01-01` : dayAfter(last, 1)
  const ends = `${Number(starts_on.slice(0, 4)) + CYCLE_YEARS}${starts_on.slice(4)}`
  return { cycle: Math.max(0, ...cycles.map((one) => one.cycle)) + 1, starts_on, ends_on: dayAfter(ends, -1) }
}

function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10)
}

export function cycleFaults(
  draft: CycleDraft,
  cycles: readonly CycleView[],
): Partial<Record<'cycle' | 'name' | 'ends_on', CycleFault>> {
  const faults: ReturnType<typeof cycleFaults> = {}
  const { cycle, name, starts_on, ends_on } = draft
  if (cycle === null || !Number.isInteger(cycle) || cycle < 1 || cycle > CYCLE_MAX) faults.cycle = 'no_number'
  else if (cycles.some((one) => one.cycle === cycle)) faults.cycle = 'number_taken'
  if (name.trim().length < 2) faults.name = 'no_name'
  if (starts_on === '' || ends_on === '' || starts_on >= ends_on) faults.ends_on = 'days_wrong'
  else if (cycles.some((one) => one.starts_on <= ends_on && starts_on <= one.ends_on)) faults.ends_on = 'overlaps'
  return faults
}
