import { SPECIALTIES } from '@shared/specialties'
import { describe, expect, it } from 'vitest'
import { inOrder, toggledCategory } from './audience'
import { cycleFaults, cycleState, nextCycle } from './cycles'
import { lengthOf, stateOf, stripOf } from './strip'

const at = (iso: string): number => Date.parse(iso)

describe('the strip', () => {
  it('is whole months around all windows and today', () => {
    const spans = [
      { key: 'a', opensMs: at('2026-10-31T16:00:00Z'), closesMs: at('2026-11-15T16:00:00Z') },
      { key: 'b', opensMs: at('2026-11-15T16:00:00Z'), closesMs: at('2026-11-30T16:00:00Z') },
    ]
    const strip = stripOf(spans, at('2026-11-15T16:00:00Z'))
    expect(strip?.months.map((mark) => mark.left)).toEqual([0])
    expect(strip?.bars).toEqual([
      { key: 'a', left: 0, width: 50, state: 'closed' },
      { key: 'b', left: 50, width: 50, state: 'open' },
    ])
    expect(strip?.today).toBe(50)
  })

  it('reaches to today, and shows a short window too', () => {
    const opensMs = at('2026-11-30T15:59:00Z')
    const strip = stripOf([{ key: 'a', opensMs, closesMs: opensMs + 60_000 }], at('2025-11-30T16:00:00Z'))
    const [bar] = strip?.bars ?? []
    expect(strip?.today).toBe(0)
    expect(strip?.months).toHaveLength(12)
    expect(bar?.width).toBeGreaterThan(0.3)
    expect((bar?.left ?? 0) + (bar?.width ?? 0)).toBeLessThanOrEqual(100)
  })

  it('marks few months of many years, and is nothing without windows', () => {
    const strip = stripOf([{ key: 'a', opensMs: at('2020-01-01T00:00:00Z'), closesMs: at('2029-12-01T00:00:00Z') }], 0)
    expect(strip?.months.length).toBeLessThanOrEqual(14)
    expect(stripOf([], 0)).toBeNull()
  })

  it('knows what is open and how long', () => {
    expect([stateOf(1, 2, 0), stateOf(1, 2, 1), stateOf(1, 2, 2)]).toEqual(['before', 'open', 'closed'])
    expect(lengthOf(0, 26 * 3_600_000 + 61_000)).toEqual({ days: 1, hours: 2, minutes: 1 })
    expect(lengthOf(0, 59 * 60_000)).toEqual({ days: 0, hours: 0, minutes: 59 })
  })
})

describe('a new cycle', () => {
  const one = { cycle: 7, name: '第七周期', starts_on: '2024-01-01', ends_on: '2026-12-31' }

  it('follows the last one for three years', () => {
    expect(nextCycle([one], '2026-11-22')).toEqual({ cycle: 8, starts_on: '2027-01-01', ends_on: '2029-12-31' })
    expect(nextCycle([], '2026-11-22')).toEqual({ cycle: 1, starts_on: '2026-01-01', ends_on: '2028-12-31' })
  })

  it('has a free number, a name, and days of its own', () => {
    const draft = { cycle: 8, name: '第八周期', starts_on: '2027-01-01', ends_on: '2029-12-31' }
    expect(cycleFaults(draft, [one])).toEqual({})
    expect(cycleFaults({ ...draft, cycle: 7, name: ' 八 ' }, [one])).toEqual({ cycle: 'number_taken', name: 'no_name' })
    expect(cycleFaults({ ...draft, cycle: 9000 }, [one])).toEqual({ cycle: 'no_number' })
    expect(cycleFaults({ ...draft, starts_on: '2026-12-31' }, [one])).toEqual({ ends_on: 'overlaps' })
    expect(cycleFaults({ ...draft, ends_on: '2027-01-01' }, [one])).toEqual({ ends_on: 'days_wrong' })
  })

  it('is to come, now or over', () => {
    expect(['2023-12-31', '2024-01-01', '2026-12-31', '2027-01-01'].map((day) => cycleState(one, day))).toEqual([
      'before',
      'now',
      'now',
      'over',
    ])
  })
})

describe('whom an exam is for', () => {
  it('stands in the order of the lists, unknown ones last', () => {
    expect(inOrder(['surgery', 'new_one', 'internal', 'internal'])).toEqual(['internal', 'surgery', 'new_one'])
  })

  it('takes a whole category in, and out again', () => {
    const some = toggledCategory(['stomatology', 'internal'], 'dental')
    expect(some).toEqual(['internal', 'stomatology', 'dental_other'])
    expect(toggledCategory(some, 'dental')).toEqual(['internal'])
    expect(Object.values(SPECIALTIES).flat()).toHaveLength(34)
  })
})
