import { describe, expect, it } from 'vitest'
import { axisLeast, decimal, everyBin, facts, fitting, gravity, keysIn, narrowed, share, sideBySide, sorted, withoutRuling, withRuling } from './figures'
import type { ItemFigures, RulingShape } from './shapes'

const item = (over: Partial<ItemFigures>): ItemFigures =>
  ({ item_id: 1, version: 1, code: 'A', topic: '公共', count: 10, p: 0.5, rest_correlation: 0.3, omitted: 0, seconds: null, alarms: [], ...over }) as ItemFigures
const ruling = (item_id: number, act = 'void'): RulingShape => ({ item_id, version: 1, act, keys: [] })
const alarm = (code: string) => ({ code, facts: {} })

describe('figures of items', () => {
  it('say nothing where nothing can be said', () => {
    expect([share(null), share(0.1234), decimal(undefined), decimal(0.456)]).toEqual(['—', '12.3%', '—', '0.46'])
  })

  it('are sorted either way, the unknown last', () => {
    const items = [item({ item_id: 1, p: null }), item({ item_id: 2, p: 0.9 }), item({ item_id: 3, p: 0.2 })]
    expect(sorted(items, 'p', false).map((one) => one.item_id)).toEqual([3, 2, 1])
    expect(sorted(items, 'p', true).map((one) => one.item_id)).toEqual([2, 3, 1])
  })

  it('put a wrong key before an easy item', () => {
    const items = [item({ item_id: 1, alarms: [alarm('too_easy'), alarm('too_hard')] }), item({ item_id: 2, alarms: [alarm('wrong_key')] })]
    expect(sorted(items, 'alarms', false).map((one) => one.item_id)).toEqual([2, 1])
    expect(gravity(item({}))).toBe(0)
  })

  it('are found by code and topic, or only those with alarms', () => {
    const items = [item({ code: 'HUM-1' }), item({ code: 'X', topic: '内科/心血管', alarms: [alarm('too_hard')] })]
    expect(narrowed(items, 'hum', false).map((one) => one.code)).toEqual(['HUM-1'])
    expect(narrowed(items, '心血管', false).map((one) => one.code)).toEqual(['X'])
    expect(narrowed(items, '', true).map((one) => one.code)).toEqual(['X'])
  })

  it('write evidence as people read it', () => {
    const said = facts({ code: 'leak_over_time', facts: { from: 0, p_before: 0.5, chance: 1e-9, option: 'b', z: 3.14159, people_before: 7 } })
    expect(said).toEqual({ from: '1970-01-01T00:00:00.000Z', p_before: '50%', chance: '< 0.000001', option: 'B', z: '3.14', people_before: '7' })
  })

  it('hold one ruling for an item', () => {
    const two = withRuling(withRuling([], ruling(1)), ruling(2))
    expect(withRuling(two, ruling(1, 'key')).map((one) => [one.item_id, one.act])).toEqual([[2, 'void'], [1, 'key']])
    expect(withoutRuling(two, ruling(1)).map((one) => one.item_id)).toEqual([2])
  })

  it.each([
    ['b', ['b']],
    ['CA， b', ['ac', 'b']],
    ['', []],
    ['a1', null],
  ])('read keys from %j', (text, keys) => {
    expect(keysIn(text)).toEqual(keys)
  })

  it('lay two histograms side by side', () => {
    expect(sideBySide([{ percent: 58, count: 2 }], [{ percent: 60, count: 1 }, { percent: 58, count: 1 }])).toEqual([
      { percent: 58, before: 2, after: 1 },
      { percent: 60, before: 0, after: 1 },
    ])
  })

  it('gives a chart every bin, so that bars are as wide as bins', () => {
    const bins = everyBin(sideBySide([{ percent: 98, count: 3 }], []))
    expect(bins.map(({ percent }) => percent)).toEqual(Array.from({ length: 50 }, (_, at) => 2 * at))
    expect(bins.filter(({ before }) => before > 0)).toEqual([{ percent: 98, before: 3, after: 0 }])
  })
})

it('takes only keys the item has letters for, if its letters are known', () => {
  expect(fitting(['b'], ['a', 'b', 'c'])).toBe(true)
  expect(fitting(['b', 'z'], ['a', 'b', 'c'])).toBe(false)
  expect(fitting(['z'], [])).toBe(true)
  expect(fitting([], ['a'])).toBe(false)
  expect(fitting(null, ['a'])).toBe(false)
})

it('begins the axis of discriminations at one of its steps', () => {
  expect([0.4, 0, -0.05, -0.3, -0.37, -0.95].map((least) => axisLeast(least))).toEqual([-0.3, -0.3, -0.3, -0.3, -0.6, -1.2])
})
