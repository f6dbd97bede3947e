import { describe, expect, it } from 'vitest'
import { agreeable, ARTICLE_27, bars, keepsFrom, kept, percentOf, publishable, qualifiedPercent, toneOf, underWay } from './standing'
import type { FinalCounts, FinalRow, PublishOrder } from './shapes'

const row = (over: Partial<FinalRow>): FinalRow =>
  ({ result_id: 1, state: 'proposed', outcome: 'qualified', doubts: [], publishing: false, ...over }) as FinalRow
const order = (total: number, done: number, failed: number): PublishOrder => ({ total, done, failed }) as PublishOrder
const counts = (...of: [string, string, number][]): FinalCounts =>
  ({ counts: of.map(([state, outcome, count]) => ({ state, outcome, count })) }) as FinalCounts

describe('results on the desk', () => {
  it.each([
    [row({}), true],
    [row({ doubts: ['bad_records'] }), false],
    [row({ state: 'qualified' }), false],
  ])('may be agreed to in bulk only as plain proposals', (one, may) => {
    expect(agreeable(one)).toBe(may)
  })

  it.each([
    [row({ state: 'qualified' }), true],
    [row({ state: 'unqualified' }), true],
    [row({ state: 'qualified', publishing: true }), false],
    [row({}), false],
  ])('are published once decided and not yet under way', (one, may) => {
    expect(publishable(one)).toBe(may)
  })

  it('lose from the choice who went or was decided meanwhile', () => {
    const rows = [row({ result_id: 1 }), row({ result_id: 2, state: 'qualified' }), row({ result_id: 3 })]
    expect([...kept(new Set([1, 2, 4]), rows)]).toEqual([1])
  })

  it('have the colour of their outcome, a recheck its own', () => {
    expect([row({}), row({ outcome: 'unqualified' }), row({ outcome: '' }), row({ state: 'recheck' })].map(toneOf)).toEqual([
      'good', 'bad', '', 'warn',
    ])
  })

  it('say how far a publication is', () => {
    expect([order(10, 3, 0), order(10, 9, 1), order(0, 0, 0)].map((one) => [percentOf(one), underWay(one)])).toEqual([
      [30, true], [100, false], [100, false],
    ])
  })

  it('are counted in the order of their life', () => {
    const found = counts(['notified', 'qualified', 5], ['proposed', 'qualified', 2], ['notified', 'unqualified', 1])
    expect(bars(found)).toEqual([{ state: 'proposed', count: 2 }, { state: 'notified', count: 6 }])
    expect(qualifiedPercent(found)).toBe(83)
    expect(qualifiedPercent(counts(['pending', '', 9]))).toBeNull()
  })

  it.each([
    ['notified', '', false],
    ['pending', 'not_your_turn', false],
    ['notified', 'legs_same', false],
    ['notified', 'recheck_still_open', true],
    ['notified', 'own_file', true],
    ['recheck', 'own_decision', true],
    ['changed', 'own_decision', false],
    ['proposed', 'reviewed_before', true],
  ])('when %s warn of %j only if it keeps somebody from his work: %s', (state, refused_by, warns) => {
    expect(keepsFrom({ refused_by, row: row({ state }), legs_now: null })).toBe(warns)
  })

  it('know fourteen facts of Article 27', () => {
    expect([ARTICLE_27.length, ARTICLE_27[0], ARTICLE_27[13]]).toEqual([14, 'U01', 'U14'])
  })
})
