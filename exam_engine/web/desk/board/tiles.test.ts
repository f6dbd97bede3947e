import { describe, expect, it } from 'vitest'
import { aTile } from '../testing/tile'
import { sameTile, TileStore } from './tiles'

describe('the tiles of a board', () => {
  it('keep the newest word on each attempt', () => {
    const store = new TileStore()
    store.merge([aTile({ attempt_id: 1, version: 5, answered: 9 })])
    const late = store.merge([aTile({ attempt_id: 1, version: 4, answered: 8 })])
    expect(late.changed).toBe(false)
    expect(store.get(1)?.answered).toBe(9)
  })

  it('take presence that comes without a new version', () => {
    const store = new TileStore()
    store.merge([aTile({ attempt_id: 1, version: 5, connected: true })])
    expect(store.merge([aTile({ attempt_id: 1, version: 5, connected: false })]).changed).toBe(true)
    expect(store.get(1)?.connected).toBe(false)
  })

  it('keep the object of an unchanged tile, so that its card is not drawn again', () => {
    const store = new TileStore()
    store.merge([aTile({ attempt_id: 1, flags: ['offline'] })])
    const before = store.get(1)
    expect(store.replace([aTile({ attempt_id: 1, flags: ['offline'] })]).changed).toBe(false)
    expect(store.get(1)).toBe(before)
  })

  it('drop what a whole board does not name', () => {
    const store = new TileStore()
    store.merge([aTile({ attempt_id: 1 }), aTile({ attempt_id: 2 })])
    expect(store.replace([aTile({ attempt_id: 2 })])).toMatchObject({ changed: true, reshaped: true })
    expect([...store.all()].map((tile) => tile.attempt_id)).toEqual([2])
  })

  it('tell who began to wait, once', () => {
    const store = new TileStore()
    const waiting = aTile({ attempt_id: 1, version: 2, identity: 'waiting' })
    store.merge([aTile({ attempt_id: 1 })])
    expect(store.merge([waiting]).waiting).toEqual([waiting])
    expect(store.merge([aTile({ ...waiting, version: 3, connected: true })]).waiting).toEqual([])
  })

  it('tell whose tiles changed, the gone included', () => {
    const store = new TileStore()
    store.merge([aTile({ attempt_id: 1 }), aTile({ attempt_id: 2 }), aTile({ attempt_id: 3 })])
    expect(store.replace([aTile({ attempt_id: 1 }), aTile({ attempt_id: 3, incidents: 1 })]).touched).toEqual([2, 3])
  })

  it('take news of proctoring that comes without a new version', () => {
    const store = new TileStore()
    store.merge([aTile({ version: 7, similarity: 90 })])
    expect(store.merge([aTile({ version: 7, similarity: 40, face: 'other' })]).touched).toEqual([1])
  })

  it('are the same only with the same flags in the same order', () => {
    expect(sameTile(aTile({ flags: ['a', 'b'] }), aTile({ flags: ['a', 'b'] }))).toBe(true)
    expect(sameTile(aTile({ flags: ['a', 'b'] }), aTile({ flags: ['b', 'a'] }))).toBe(false)
  })
})
