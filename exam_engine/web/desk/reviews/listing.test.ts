import { describe, expect, it } from 'vitest'
import { aRow } from '../testing/review'
import {
  batchable,
  BATCH_MAX,
  countOf,
  extended,
  type Held,
  kept,
  looked,
  moved,
  NOTHING,
  ranged,
  refreshed,
  toggled,
  waited,
} from './listing'

const ids = (held: Held): number[] => held.rows.map((row) => row.file_id)

describe('the list', () => {
  it('of one page is what the server says now', () => {
    const first = refreshed(NOTHING, { rows: [aRow(1), aRow(2)], next: null })
    expect(ids(refreshed(first, { rows: [aRow(2)], next: null }))).toEqual([2])
  })

  it('of several pages keeps its length, with the rows of its head renewed', () => {
    const first = refreshed(NOTHING, { rows: [aRow(1), aRow(2)], next: 'k' })
    const both = extended(first, { rows: [aRow(3)], next: null })
    expect(both).toMatchObject({ next: null, pages: 2 })
    const again = refreshed(both, { rows: [aRow(1, { opened_by: '测试员' }), aRow(2)], next: 'k' })
    expect(ids(again)).toEqual([1, 2, 3])
    expect(again.rows[0]?.opened_by).toBe('测试员')
  })

  it('shows a file once that moved from one page to the next', () => {
    const first = refreshed(NOTHING, { rows: [aRow(1), aRow(2)], next: 'k' })
    expect(ids(extended(first, { rows: [aRow(2), aRow(3)], next: null }))).toEqual([1, 2, 3])
  })

  it('that is looked at again moves no row for what came above, and adds what came below', () => {
    const first = refreshed(NOTHING, { rows: [aRow(2), aRow(1)], next: null })
    const above = looked(first, { rows: [aRow(3), aRow(2, { opened_by: '测试员' }), aRow(1)], next: null })
    expect([ids(above.held), above.news, above.held.rows[0]?.opened_by]).toEqual([[2, 1], true, '测试员'])
    const below = looked(first, { rows: [aRow(2), aRow(1), aRow(4)], next: null })
    expect([ids(below.held), below.news]).toEqual([[2, 1, 4], false])
  })

  it('that is looked at again leaves out what is gone, but not what was pushed off its page', () => {
    const first = refreshed(NOTHING, { rows: [aRow(2), aRow(1)], next: 'k' })
    const gone = looked(first, { rows: [aRow(1), aRow(5)], next: 'm' })
    expect([ids(gone.held), gone.held.next, gone.news]).toEqual([[1, 5], 'm', false])
    const pushed = looked(first, { rows: [aRow(3), aRow(2)], next: 'n' })
    expect([ids(pushed.held), pushed.held.next, pushed.news]).toEqual([[2, 1], 'k', true])
  })

  it('that is looked at again is the new page where nothing of it is left, and keeps its length if it has several', () => {
    const first = refreshed(NOTHING, { rows: [aRow(1)], next: null })
    expect(looked(first, { rows: [aRow(7)], next: null })).toEqual({ held: { rows: [aRow(7)], next: null, pages: 1 }, news: false })
    const both = extended(refreshed(NOTHING, { rows: [aRow(1)], next: 'k' }), { rows: [aRow(2)], next: null })
    const later = looked(both, { rows: [aRow(9), aRow(1)], next: 'k' })
    expect([ids(later.held), later.held.pages, later.news]).toEqual([[1, 2], 2, true])
  })

  it('keeps a decided file in its place, but it waits for nobody here', () => {
    const after = moved({ rows: [aRow(1), aRow(2)], next: null, pages: 1 }, 2, 'agy_review', 2)
    expect(after.rows[1]).toMatchObject({ state: 'agy_review', version: 2, mine: false })
  })
})

describe('the time a file waits', () => {
  const since = '2026-03-02T00:00:00Z'
  const at = (iso: string) => waited(since, Date.parse(iso))

  it('is said in the largest whole unit, and marked from a week on', () => {
    expect(at('2026-03-02T00:59:00Z')).toEqual({ unit: 'minutes', n: 59, long: false })
    expect(at('2026-03-02T23:59:00Z')).toEqual({ unit: 'hours', n: 23, long: false })
    expect(at('2026-03-08T23:00:00Z')).toEqual({ unit: 'days', n: 6, long: false })
    expect(at('2026-03-09T00:00:00Z')).toEqual({ unit: 'days', n: 7, long: true })
  })

  it('is never negative, whatever the clock of this desk says', () => {
    expect(at('2026-03-01T00:00:00Z')).toEqual({ unit: 'minutes', n: 0, long: false })
  })
})

it('counts by subject, by state, by both and altogether', () => {
  const counts = [
    { subject: 'profile', state: 'org_review', count: 3 },
    { subject: 'profile', state: 'approved', count: 4 },
    { subject: 'evaluation', state: 'org_review', count: 5 },
  ]
  expect(countOf(counts, '', '')).toBe(12)
  expect(countOf(counts, 'profile', '')).toBe(7)
  expect(countOf(counts, '', 'org_review')).toBe(8)
  expect(countOf(counts, 'evaluation', 'approved')).toBe(0)
})

describe('a batch', () => {
  it('takes profiles that wait here and have no flag', () => {
    expect(batchable(aRow(1))).toBe(true)
    expect(batchable(aRow(1, { flags: ['warnings'] }))).toBe(false)
    expect(batchable(aRow(1, { subject: 'evaluation' }))).toBe(false)
    expect(batchable(aRow(1, { mine: false }))).toBe(false)
    expect(batchable(aRow(1, { refused_by: 'own_file' }))).toBe(false)
  })

  it('is chosen one by one, and by a range in either direction that leaves out what has flags', () => {
    const rows = [aRow(1), aRow(2, { flags: ['warnings'] }), aRow(3), aRow(4)]
    expect([...toggled(new Set(), rows[0]!)]).toEqual([1])
    expect([...toggled(new Set([1]), rows[0]!)]).toEqual([])
    expect([...toggled(new Set(), rows[1]!)]).toEqual([])
    expect([...ranged(new Set(), rows, 1, 3)]).toEqual([1, 3])
    expect([...ranged(new Set(), rows, 4, 1)].sort()).toEqual([1, 3, 4])
    expect([...ranged(new Set([1]), rows, 1, 99)]).toEqual([1])
  })

  it('holds no more than the server takes at once', () => {
    const rows = Array.from({ length: BATCH_MAX + 5 }, (_, n) => aRow(n + 1))
    const all = ranged(new Set(), rows, 1, BATCH_MAX + 5)
    expect(all.size).toBe(BATCH_MAX)
    expect(toggled(all, rows[BATCH_MAX]!).size).toBe(BATCH_MAX)
  })

  it('loses what somebody else decided meanwhile', () => {
    expect([...kept(new Set([1, 2, 3]), [aRow(1), aRow(2, { mine: false })])]).toEqual([1])
  })
})
