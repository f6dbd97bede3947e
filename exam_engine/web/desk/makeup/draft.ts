/** Windows and slots as they are being written: from the plan into fields and back, and what is wrong with them. */
import { fromField, toField } from '../admin/parts/shanghai'
import type { Plan, SlotSpec, WindowSpec } from './shapes'

export interface SlotDraft {
  key: number
  slot_id: number | null
  place: string
  online: boolean
  area: string
  capacity: number
  opens: string // '': as the window
  closes: string
  invigilators: number[]
  people: number
}
export interface WindowDraft {
  key: number
  window_id: number | null
  title: string
  opens: string
  closes: string
  slots: SlotDraft[]
}
export type Fault = 'title' | 'window' | 'place' | 'area' | 'area_elsewhere' | 'capacity' | 'overfull' | 'times' | 'short' | 'busy'

let keys = 0
const nextKey = (): number => ++keys

export function draftOf(plan: Plan): WindowDraft[] {
  return plan.windows.map((window) => ({
    key: nextKey(),
    window_id: window.window_id,
    title: window.title,
    opens: toField(window.opens_at),
    closes: toField(window.closes_at),
    slots: window.slots
      .filter((slot) => !slot.closed)
      .map((slot) => ({
        key: nextKey(),
        slot_id: slot.slot_id,
        place: slot.place,
        online: slot.online,
        area: slot.area ?? '',
        capacity: slot.capacity,
        opens: slot.opens_at === window.opens_at ? '' : toField(slot.opens_at),
        closes: slot.closes_at === window.closes_at ? '' : toField(slot.closes_at),
        invigilators: [...slot.invigilators],
        people: slot.people,
      })),
  }))
}

export function newWindow(title: string): WindowDraft {
  return { key: nextKey(), window_id: null, title, opens: '', closes: '', slots: [] }
}

/** A slot like another one, but nobody's yet: the next room of the same building, the next batch of the same room. */
export function newSlot(like?: SlotDraft): SlotDraft {
  const fresh = { place: '', online: false, area: '', capacity: 30, opens: '', closes: '', invigilators: [] }
  return { ...fresh, ...like, key: nextKey(), slot_id: null, people: 0, invigilators: [], place: nextName(like?.place ?? '') }
}

/** 一号教室 stays; 教室3 becomes 教室4. */
export function nextName(place: string): string {
  const found = /^(.*?)(\d+)(\D*)$/.exec(place)
  return found === null ? place : `${found[1]}${Number(found[2]) + 1}${found[3]}`
}

export function bodyOf(draft: readonly WindowDraft[]): WindowSpec[] {
  return draft.map((window) => ({
    window_id: window.window_id,
    title: window.title.trim(),
    opens_at: fromField(window.opens) ?? '',
    closes_at: fromField(window.closes) ?? '',
    slots: window.slots.map((slot): SlotSpec => ({
      slot_id: slot.slot_id,
      place: slot.place.trim(),
      online: slot.online,
      area: slot.area.trim() || null,
      capacity: slot.capacity,
      opens_at: fromField(slot.opens),
      closes_at: fromField(slot.closes),
      invigilators: slot.invigilators,
    })),
  }))
}

const times = (window: WindowDraft, slot: SlotDraft): [number, number] => [
  Date.parse(fromField(slot.opens || window.opens) ?? ''),
  Date.parse(fromField(slot.closes || window.closes) ?? ''),
]

export function windowFaults(window: WindowDraft): Fault[] {
  const [opens, closes] = [fromField(window.opens), fromField(window.closes)]
  const wrong = opens === null || closes === null || opens >= closes
  return [...(window.title.trim() ? [] : ['title' as const]), ...(wrong ? ['window' as const] : [])]
}

/** What the server would refuse of a slot, so that it is said where it stands. */
export function slotFaults(draft: readonly WindowDraft[], window: WindowDraft, slot: SlotDraft, plan: { province: string; minutes: number }): Fault[] {
  const faults: Fault[] = []
  const area = slot.area.trim()
  if (!slot.place.trim()) faults.push('place')
  if (!Number.isInteger(slot.capacity) || slot.capacity < 1 || slot.capacity > 10_000) faults.push('capacity')
  else if (slot.capacity < slot.people) faults.push('overfull')
  if (!slot.online && !/^\d{6}$/.test(area)) faults.push('area')
  else if (area && (!/^\d{6}$/.test(area) || !area.startsWith(plan.province))) faults.push('area_elsewhere')
  if (windowFaults(window).includes('window')) return faults
  const [opens, closes] = times(window, slot)
  const [first, last] = [Date.parse(fromField(window.opens)!), Date.parse(fromField(window.closes)!)]
  if (!(opens >= first && closes <= last && opens < closes)) faults.push('times')
  else if (closes - opens < plan.minutes * 60_000) faults.push('short')
  if (isBusy(draft, window, slot)) faults.push('busy')
  return faults
}

/** Whether one of its invigilators is somewhere else at the same time; online rooms may share one. */
function isBusy(draft: readonly WindowDraft[], window: WindowDraft, slot: SlotDraft): boolean {
  const [opens, closes] = times(window, slot)
  return draft.some((other) =>
    other.slots.some((each) => {
      if (each.key === slot.key || (each.online && slot.online)) return false
      if (!each.invigilators.some((account) => slot.invigilators.includes(account))) return false
      const [from, to] = times(other, each)
      return opens < to && from < closes
    }),
  )
}

export function seatsOf(draft: readonly WindowDraft[]): number {
  return draft.reduce((sum, window) => sum + window.slots.reduce((all, slot) => all + (slot.capacity || 0), 0), 0)
}

export const sameDraft = (one: readonly WindowDraft[], other: readonly WindowDraft[]): boolean =>
  JSON.stringify(bodyOf(one)) === JSON.stringify(bodyOf(other))
