import { describe, expect, it } from 'vitest'
import { inTime, loadsOf, soonest, spreadOf } from './load'
import type { Plan, Solved } from './shapes'

const slot = (slot_id: number, people: number, capacity = 40, closed = false) => ({
  slot_id, people, capacity, closed, far: 1, place: `教室${slot_id}`, opens_at: `2026-12-0${slot_id}T01:00:00Z`,
})
const plan = { windows: [{ slots: [slot(1, 0), slot(2, 30)] }, { slots: [slot(3, 0, 10, true), slot(4, 4, 40, true)] }] } as unknown as Plan

describe('the load of slots', () => {
  it('is that of the plan, closed slots only while somebody sits there', () => {
    expect(loadsOf(plan).map(({ slot: { slot_id }, people, far, free, percent }) => [slot_id, people, far, free, percent])).toEqual([
      [1, 0, 1, 40, 0],
      [2, 30, 1, 10, 75],
      [4, 4, 1, 36, 10],
    ])
  })

  it('is what the solver would make of it', () => {
    const proposed = { loads: [{ slot_id: 1, people: 20 }, { slot_id: 2, people: 40 }] } as unknown as Solved
    expect(loadsOf(plan, proposed).map((load) => load.people)).toEqual([20, 40, 4])
  })

  it('says how far people are sent, the nearest first', () => {
    expect(spreadOf({ province: 2, district: 5, online: 1, far: 0 })).toEqual([
      { name: 'district', people: 5 },
      { name: 'province', people: 2 },
      { name: 'online', people: 1 },
    ])
  })

  it('knows the soonest slot anybody sits in, and whether there is time to tell them', () => {
    expect(soonest(plan)?.slot_id).toBe(2)
    expect(soonest({ windows: [] } as unknown as Plan)).toBeNull()
    const now = Date.parse('2026-12-01T01:00:00Z')
    expect([inTime('2026-12-08T01:00:00Z', now, 7), inTime('2026-12-08T00:59:59Z', now, 7)]).toEqual([true, false])
  })
})
