import { describe, expect, it } from 'vitest'
import type { CaseRow } from '../wire'
import { awaits, extended, filterFrom, refreshed, toneOf } from './listing'

const row = (case_id: number, phase = 'open'): CaseRow => ({
  case_id,
  attempt_id: case_id,
  sitting_id: 1,
  title: '',
  name: '测试甲',
  id_number: '',
  allegation: 'other',
  phase,
  holds: true,
  opened_at: '2026-01-01T00:00:00Z',
  opened_by: '',
  closed_at: null,
})
const ids = (rows: readonly CaseRow[]) => rows.map((one) => one.case_id)

describe('the pages of the list', () => {
  it('a fresh head replaces what it speaks of and keeps what is older', () => {
    const held = [row(9), row(8), row(7), row(3), row(2)]
    const after = refreshed(held, { cases: [row(10), row(9, 'replied'), row(7)], next: 7 })
    expect(ids(after)).toEqual([10, 9, 7, 3, 2])
    expect(after[1]?.phase).toBe('replied')
  })

  it('a case that left the filter is gone with the head', () => {
    expect(ids(refreshed([row(9), row(8)], { cases: [row(9)], next: 0 }))).toEqual([9])
    expect(refreshed([row(9)], { cases: [], next: 0 })).toEqual([])
  })

  it('a further page is added once, however often it comes', () => {
    const page = { cases: [row(3), row(2)], next: 0 }
    const once = extended([row(9), row(3)], page)
    expect(ids(once)).toEqual([9, 3, 2])
    expect(ids(extended(once, page))).toEqual([9, 3, 2])
  })
})

describe('who is awaited', () => {
  it('a reply waits for the chief or the agency, an appeal for the agency or the province', () => {
    expect(['invigilator', 'chief', 'agency', 'province'].map((role) => awaits(row(1, 'replied'), role))).toEqual([
      false,
      true,
      true,
      false,
    ])
    expect(['invigilator', 'chief', 'agency', 'province'].map((role) => awaits(row(1, 'appealed'), role))).toEqual([
      false,
      false,
      true,
      true,
    ])
    expect(awaits(row(1, 'notified'), 'chief')).toBe(false)
  })
})

it('the address says which cases: open ones unless told otherwise', () => {
  expect(filterFrom({})).toEqual({ state: 'open', sitting: 0 })
  expect(filterFrom({ state: 'all', sitting: '3' })).toEqual({ state: '', sitting: 3 })
  expect(filterFrom({ state: 'closed', sitting: '-3' })).toEqual({ state: 'closed', sitting: 0 })
  expect(filterFrom({ state: ['x'], sitting: 'x' })).toEqual({ state: 'open', sitting: 0 })
})

it('a phase this page does not know has no colour', () => {
  expect(toneOf('upheld')).toBe('bad')
  expect(toneOf('new')).toBe('')
})
