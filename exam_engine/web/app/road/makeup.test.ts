import { describe, expect, it } from 'vitest'
import { asking, hasMakeup, offered, type FreeSlot, type OwnMakeup, type OwnSeat } from './makeup'

const NOW = '2026-12-01T00:00:00Z'
const seat = (changed: Partial<OwnSeat>): OwnSeat => ({ ask: 'none', can_ask: false, ask_until: '2026-12-04T00:00:00Z', ...changed }) as OwnSeat

describe('the make-up of a physician', () => {
  it.each([
    ['he may ask', { can_ask: true }, 'ask'],
    ['he has asked', { ask: 'waiting' }, 'asked'],
    ['it is too late', { ask_until: NOW }, 'late'],
    ['there is no other slot', {}, 'none'],
  ] as [string, Partial<OwnSeat>, string][])('%s', (_, changed, expected) => {
    expect(asking(seat(changed), NOW)).toBe(expected)
  })

  it('offers free slots first, the soonest first', () => {
    const slot = (slot_id: number, free: number, opens_at: string) => ({ slot_id, free, opens_at }) as FreeSlot
    const slots = [slot(1, 0, '2026-12-08'), slot(2, 3, '2026-12-10'), slot(3, 1, '2026-12-09'), slot(4, 1, '2026-12-09')]
    expect(offered(slots).map((one) => one.slot_id)).toEqual([3, 4, 2, 1])
  })

  it('is on the home only where there is something to say', () => {
    const own = { seats: [], waiting: [], absences: [] } as unknown as OwnMakeup
    expect(hasMakeup(own)).toBe(false)
    expect(hasMakeup({ ...own, waiting: ['humanities'] })).toBe(true)
    expect(hasMakeup({ ...own, absences: [{ can_say: false } as never] })).toBe(false)
    expect(hasMakeup({ ...own, absences: [{ can_say: true } as never] })).toBe(true)
  })
})
