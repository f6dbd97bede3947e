import { describe, expect, it } from 'vitest'
import { aTile } from '../testing/tile'
import { rangeChosen, toggled } from './choice'
import { deedsFor } from './deeds'
import { keyDeed, moved } from './keys'
import { scrollTo, visibleRows } from './window'

describe('the rows in the page', () => {
  it('are those in sight and a few to spare', () => {
    expect(visibleRows(1000, 500, 100, 50, 2)).toEqual({ first: 8, end: 17 })
  })

  it('never reach beyond the list', () => {
    expect(visibleRows(0, 500, 100, 3, 2)).toEqual({ first: 0, end: 3 })
    expect(visibleRows(9000, 500, 100, 3, 2)).toEqual({ first: 3, end: 3 })
    expect(visibleRows(0, 500, 100, 0, 2)).toEqual({ first: 0, end: 0 })
  })

  it('scroll only as far as needed', () => {
    expect(scrollTo(5, 0, 500, 100)).toBe(100)
    expect(scrollTo(2, 100, 500, 100)).toBe(100)
    expect(scrollTo(0, 100, 500, 100)).toBe(0)
  })
})

describe('the cursor', () => {
  it('enters at the head and stays inside', () => {
    expect(moved([7, 8, 9], null, 1)).toBe(7)
    expect(moved([7, 8, 9], 7, 1)).toBe(8)
    expect(moved([7, 8, 9], 9, 4)).toBe(9)
    expect(moved([7, 8, 9], 7, -1)).toBe(7)
    expect(moved([], 7, 1)).toBeNull()
  })

  it('starts again when its candidate is no longer shown', () => {
    expect(moved([7, 8], 5, 1)).toBe(7)
  })

  it('goes by rows with the arrows', () => {
    expect(keyDeed('ArrowDown', 5)).toEqual({ do: 'move', by: 5 })
    expect(keyDeed('w', 5)).toEqual({ do: 'act', kind: 'warn' })
    expect(keyDeed('q', 5)).toBeNull()
  })
})

describe('the choice', () => {
  it('is toggled one by one and widened with shift', () => {
    expect([...toggled(new Set([1]), 1)]).toEqual([])
    expect([...rangeChosen(new Set([9]), [1, 2, 3, 4], 4, 2)].sort()).toEqual([2, 3, 4, 9])
    expect([...rangeChosen(new Set(), [1, 2, 3], null, 2)]).toEqual([2])
  })
})

describe('the deeds on a tile', () => {
  it('are those that fit the candidate', () => {
    expect(deedsFor(aTile(), 'invigilator')).toEqual(['warn', 'pause', 'extend', 'lock'])
    expect(deedsFor(aTile({ phase: 'identity', identity: 'waiting' }), 'chief')).toEqual([
      'accept',
      'refuse',
      'warn',
    ])
    expect(deedsFor(aTile({ phase: 'submitted' }), 'chief')).toEqual([])
  })

  it('are none for who may only look', () => {
    expect(deedsFor(aTile(), 'agency')).toEqual([])
  })
})
