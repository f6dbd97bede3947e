import { describe, expect, it } from 'vitest'
import { daysLeft, headlineOf, inOrder, reasonIn, stationOf, toneOf } from './say'
import type { ExamRow, OwnResult } from './shapes'

const result = (over: Partial<OwnResult>): OwnResult => ({ result_id: 1, state: 'pending', outcome: '', missing: ['humanities'], ...over }) as OwnResult
const exam = (kind: 'humanities' | 'professional', round: 'first' | 'makeup', at: string): ExamRow =>
  ({ kind, round, at }) as ExamRow

describe('a result in words', () => {
  it.each([
    ['pending', 'exams'],
    ['notified', 'published'],
    ['recheck', 'recheck'],
    ['upheld', 'upheld'],
    ['changed', 'changed'],
    ['suspended', 'suspended'],
    ['cancelled', 'cancelled'],
    ['archived', 'closed'],
    ['excluded', 'excluded'],
    ['something new', 'exams'],
  ])('in the state %s stands at %s', (state, station) => {
    expect(stationOf(result({ state }))).toBe(station)
  })

  it('waits for the agency once nothing is missing', () => {
    expect(stationOf(result({ missing: [] }))).toBe('decided')
    expect(stationOf(result({ missing: [], result_id: null }))).toBe('exams')
  })

  it.each([
    [{ outcome: 'qualified', state: 'archived' }, 'result.outcome.qualified'],
    [{ state: 'pending' }, 'result.pending'],
    [{ state: 'excluded' }, 'result.excluded'],
    [{ state: 'archived' }, 'result.excluded'],
  ])('that is %j has the headline %s', (over, key) => {
    expect(headlineOf(result(over))).toBe(key)
  })

  it.each([
    ['', 'open'],
    ['qualified', 'good'],
    ['unqualified', 'bad'],
  ])('with the outcome %j is %s', (outcome, tone) => {
    expect(toneOf(result({ outcome }))).toBe(tone)
  })

  it('takes the words of Article 27 where they are, else its own, else the code', () => {
    const known = ['reg.option.unqualified_reason.U01', 'result.reason.work']
    const words = { t: (key: string) => `<${key}>`, te: (key: string) => known.includes(key) }
    expect(['U01', 'work', 'odd'].map((code) => reasonIn(words, code))).toEqual([
      '<reg.option.unqualified_reason.U01>',
      '<result.reason.work>',
      'odd',
    ])
  })

  it.each([
    ['2026-01-31T00:00:00Z', 30],
    ['2026-01-01T00:00:01Z', 1],
    ['2026-01-01T00:00:00Z', 0],
    ['2025-12-01T00:00:00Z', 0],
  ])('until %s leaves %d days', (at, days) => {
    expect(daysLeft(at, '2026-01-01T00:00:00Z')).toBe(days)
  })

  it('lists the exams as they count', () => {
    const rows = [exam('professional', 'makeup', '4'), exam('professional', 'first', '2'), exam('humanities', 'makeup', '3'), exam('humanities', 'first', '1')]
    expect(inOrder(rows).map((row) => row.at)).toEqual(['1', '3', '2', '4'])
  })
})
