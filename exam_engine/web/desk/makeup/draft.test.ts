import { describe, expect, it } from 'vitest'
import { bodyOf, draftOf, type Fault, newSlot, newWindow, nextName, sameDraft, seatsOf, type SlotDraft, slotFaults, windowFaults } from './draft'
import type { Plan } from './shapes'

const PLAN = { province: '11', minutes: 60 }

function window(...slots: Partial<SlotDraft>[]) {
  const made = { ...newWindow('第一天'), opens: '2026-12-07T09:00', closes: '2026-12-07T17:00' }
  made.slots = slots.map((slot) => ({ ...newSlot(), place: '一号教室', area: '110105', ...slot }))
  return made
}

const faultsOf = (...slots: Partial<SlotDraft>[]): Fault[] => {
  const draft = [window(...slots)]
  return slotFaults(draft, draft[0]!, draft[0]!.slots[0]!, PLAN)
}

describe('the windows being written', () => {
  it.each<[string, Partial<SlotDraft>[], Fault[]]>([
    ['a room for the whole window', [{}], []],
    ['no place', [{ place: ' ' }], ['place']],
    ['a room without an area', [{ area: '' }], ['area']],
    ['an online room without one', [{ area: '', online: true }], []],
    ['another province', [{ area: '350102' }], ['area_elsewhere']],
    ['no seats', [{ capacity: 0 }], ['capacity']],
    ['fewer seats than people', [{ capacity: 3, people: 4 }], ['overfull']],
    ['before its window', [{ opens: '2026-12-07T08:00' }], ['times']],
    ['shorter than the exam', [{ closes: '2026-12-07T09:30' }], ['short']],
    ['two rooms, one invigilator', [{ invigilators: [7] }, { invigilators: [7] }], ['busy']],
    ['two batches, one invigilator', [{ invigilators: [7], closes: '2026-12-07T11:00' }, { invigilators: [7], opens: '2026-12-07T11:00' }], []],
    ['two online rooms, one invigilator', [{ invigilators: [7], online: true }, { invigilators: [7], online: true }], []],
  ])('%s', (_, slots, expected) => {
    expect(faultsOf(...slots)).toEqual(expected)
  })

  it('say what is wrong with a window before its slots', () => {
    expect(windowFaults(newWindow(''))).toEqual(['title', 'window'])
    const draft = [{ ...window({}), closes: '2026-12-07T09:00' }]
    expect(slotFaults(draft, draft[0]!, draft[0]!.slots[0]!, PLAN)).toEqual([])
  })

  it('go out as China writes its time and come back the same', () => {
    const [spec] = bodyOf([window({ opens: '2026-12-07T10:00' })])
    expect([spec!.opens_at, spec!.slots[0]!.opens_at, spec!.slots[0]!.closes_at]).toEqual(['2026-12-07T01:00:00Z', '2026-12-07T02:00:00Z', null])
    const slot = { ...spec!.slots[0]!, slot_id: 5, window_id: 3, room: 1, closed: false, people: 0, far: 0, closes_at: spec!.closes_at, opens_at: spec!.slots[0]!.opens_at! }
    const plan = { windows: [{ ...spec!, window_id: 3, slots: [slot] }] } as unknown as Plan
    const back = bodyOf(draftOf(plan))
    expect(back[0]!.slots[0]).toEqual({ ...spec!.slots[0]!, slot_id: 5 })
    expect(sameDraft(draftOf(plan), draftOf(plan))).toBe(true)
  })

  it('copy a room to the next of its number, without its people', () => {
    const [first] = window({ place: '教室9', people: 4, slot_id: 7, invigilators: [3] }).slots
    expect(newSlot(first)).toMatchObject({ place: '教室10', people: 0, slot_id: null, invigilators: [], area: '110105' })
    expect([nextName('一号教室'), nextName('3号楼201室'), nextName('')]).toEqual(['一号教室', '3号楼202室', ''])
  })

  it('count their seats', () => {
    expect(seatsOf([window({ capacity: 30 }, { capacity: 20 }), window()])).toBe(50)
  })
})
