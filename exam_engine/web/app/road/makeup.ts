/** 补考 of one physician: what the home says of it, and what may be asked of a slot. */
import type { components } from '@shared/api.gen'

export type OwnMakeup = components['schemas']['OwnMakeup']
export type OwnSeat = components['schemas']['OwnSeat']
export type OwnAbsence = components['schemas']['OwnAbsence']
export type FreeSlot = components['schemas']['FreeSlot']

/** Whether there is anything to show: a home without it stays as it was. */
export const hasMakeup = (own: OwnMakeup): boolean =>
  own.seats.length > 0 || own.waiting.length > 0 || own.absences.some((one) => one.can_say)

/** Slots to choose from: free ones first, each in the order of time. */
export const offered = (slots: readonly FreeSlot[]): FreeSlot[] =>
  [...slots].sort((one, other) => Number(other.free > 0) - Number(one.free > 0) || one.opens_at.localeCompare(other.opens_at) || one.slot_id - other.slot_id)

/** What the page says about asking: 'ask' if he may, else why not. */
export function asking(seat: OwnSeat, now: string): 'ask' | 'late' | 'none' | 'asked' {
  if (seat.ask !== 'none') return 'asked'
  if (seat.can_ask) return 'ask'
  return Date.parse(now) >= Date.parse(seat.ask_until) ? 'late' : 'none'
}
