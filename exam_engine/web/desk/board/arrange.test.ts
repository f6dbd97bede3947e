import { describe, expect, it } from 'vitest'
import { aTile } from '../testing/tile'
import { arrange, count, matches } from './arrange'

const NOW = Date.parse('2026-11-22T09:30:00Z')
const ids = (part: Partial<Parameters<typeof arrange>[1]>, tiles = SOME): number[] =>
  arrange(tiles, { filter: 'all', sort: 'attention', search: '', ...part }, NOW, 'zh-CN')

const SOME = [
  aTile({ attempt_id: 1, name: '王敏', answered: 50 }),
  aTile({ attempt_id: 2, name: '陈静', attention: 60, connected: false, deadline_at: '2026-11-22T09:40:00Z' }),
  aTile({ attempt_id: 3, name: '李强', attention: 100, phase: 'identity', identity: 'waiting', deadline_at: null }),
  aTile({ attempt_id: 4, name: '陈静', phase: 'submitted', answered: 100, connected: false }),
]

describe('the order of the board', () => {
  it('puts first who deserves attention, then goes by name and number', () => {
    expect(ids({})).toEqual([3, 2, 4, 1])
  })

  it('goes by name as Chinese is read', () => {
    expect(ids({ sort: 'name' })).toEqual([2, 4, 3, 1])
  })

  it('goes by minutes left, those without a clock last', () => {
    expect(ids({ sort: 'minutes' })).toEqual([2, 1, 4, 3])
  })

  it('goes by progress, the slowest first', () => {
    expect(ids({ sort: 'progress' })).toEqual([2, 3, 1, 4])
  })
})

describe('the filters', () => {
  it('show what they count', () => {
    const counts = count(SOME, 10)
    for (const filter of ['all', 'attention', 'identity', 'running', 'offline', 'submitted'] as const) {
      expect([filter, ids({ filter }).length]).toEqual([filter, counts[filter]])
    }
  })

  it('count as not entered whoever is entitled and has no tile', () => {
    expect(count(SOME, 10).not_entered).toBe(6)
    expect(count(SOME, 0).not_entered).toBe(0)
  })

  it('call nobody offline who has finished', () => {
    expect(ids({ filter: 'offline' })).toEqual([2])
  })

  it('keep the paused and the locked apart from the running', () => {
    const tiles = [
      aTile({ attempt_id: 1, paused_at: '2026-11-22T09:00:00Z' }),
      aTile({ attempt_id: 2, locked: true }),
      aTile({ attempt_id: 3 }),
    ]
    expect(ids({ filter: 'running' }, tiles)).toEqual([3])
    expect(ids({ filter: 'paused' }, tiles)).toEqual([1])
    expect(ids({ filter: 'locked' }, tiles)).toEqual([2])
  })
})

describe('the search', () => {
  const tile = aTile({ name: '王敏', id_number: '350105********713X' })

  it('finds by part of a name or of the masked number', () => {
    expect(matches('敏', tile)).toBe(true)
    expect(matches('713x', tile)).toBe(true)
    expect(matches('999', tile)).toBe(false)
  })

  it('finds by the whole number, whatever is masked', () => {
    expect(matches('35010519900101713X', tile)).toBe(true)
    expect(matches('350105199001017138', tile)).toBe(false)
  })
})
