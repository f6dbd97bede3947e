import { describe, expect, it } from 'vitest'
import { aTile } from '../testing/tile'
import type { Tile } from '../wire'
import { arrange, Counts, FILTERS, matches } from './arrange'
import { NameOrder } from './name_order'

const NOW = Date.parse('2026-11-22T09:30:00Z')

function named(tiles: readonly Tile[], locale = 'zh-CN'): NameOrder {
  const order = new NameOrder((id) => tiles.find((tile) => tile.attempt_id === id), () => tiles, locale)
  order.refresh()
  return order
}

function ids(part: Partial<Parameters<typeof arrange>[1]>, tiles = SOME): number[] {
  const view = { filter: 'all' as const, sort: 'attention' as const, search: '', ...part }
  return arrange(named(tiles), view, { nowMs: NOW, attention: (tile) => tile.attention, passes: () => true })
}

function counted(tiles: readonly Tile[], expected: number | null = 10): ReturnType<Counts['read']> {
  const counts = new Counts()
  for (const tile of tiles) counts.take(tile.attempt_id, tile)
  return counts.read(expected)
}

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
    const tiles = [...SOME, aTile({ attempt_id: 5, incidents: 2, worst: 3, case_open: true })]
    const counts = counted(tiles)
    for (const filter of FILTERS.filter((one) => one !== 'not_entered')) {
      expect([filter, ids({ filter }, tiles).length]).toEqual([filter, counts[filter]])
    }
  })

  it('count as not entered whoever is entitled and has no tile', () => {
    expect(counted(SOME).not_entered).toBe(6)
    expect(counted(SOME, 0).not_entered).toBe(0)
    expect(counted(SOME, null).not_entered).toBe(0)
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

describe('the counts', () => {
  it('follow what changes as if counted anew', () => {
    const counts = new Counts()
    for (const tile of SOME) counts.take(tile.attempt_id, tile)
    const [first, second] = SOME
    if (first === undefined || second === undefined) throw new Error('two tiles')
    const changed = { ...first, paused_at: '2026-11-22T09:00:00Z', attention: 20 }
    counts.take(1, changed)
    counts.take(1, changed)
    counts.take(2, undefined)
    expect(counts.read(10)).toEqual(counted([changed, ...SOME.slice(2)]))
  })
})

describe('the order of names', () => {
  it('places newcomers and forgets who is gone', () => {
    let tiles = [...SOME]
    const order = new NameOrder((id) => tiles.find((tile) => tile.attempt_id === id), () => tiles, 'zh-CN')
    order.refresh()
    tiles = [...SOME.filter((tile) => tile.attempt_id !== 2), aTile({ attempt_id: 9, name: '赵云' }), aTile({ attempt_id: 8, name: '曹丽' })]
    order.refresh()
    expect([...order].map((tile) => tile.attempt_id)).toEqual([8, 4, 3, 1, 9])
    expect([...order]).toEqual([...named(tiles)])
  })

  it('is the same however many come at once', () => {
    const many = Array.from({ length: 200 }, (_, at) => aTile({ attempt_id: at + 1, name: `王${(at * 37) % 200}` }))
    const one = new NameOrder((id) => many[id - 1], () => many.slice(0, here), 'zh-CN')
    let here = 0
    for (here = 10; here <= 200; here += 10) one.refresh()
    one.refresh()
    here = 200
    one.refresh()
    expect([...one]).toEqual([...named(many)])
  })

  it('reads names in another language when told so', () => {
    const tiles = [aTile({ attempt_id: 1, name: '王' }), aTile({ attempt_id: 2, name: 'Wu' }), aTile({ attempt_id: 3, name: 'Adams' })]
    const order = named(tiles)
    order.speak('en')
    expect([...order]).toEqual([...named(tiles, 'en')])
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
