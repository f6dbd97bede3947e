import { describe, expect, it } from 'vitest'
import { chosen, differing, same, tidy, whoChanged } from './values'

describe('values', () => {
  it('are compared as the server keeps them', () => {
    expect(same({ a: ' x ', b: '', c: null }, { a: 'x' })).toBe(true)
    expect(same({ a: [3, 3, 4] }, { a: [3, 4] })).toBe(true)
    expect(same({ rows: [{ b: 1, a: '' }] }, { rows: [{ b: 1 }] })).toBe(true)
    expect(same({ a: false }, {})).toBe(false)
    expect(same({ a: [3, 4] }, { a: [4, 3] })).toBe(false)
  })

  it('keep their meaning when they are tidied', () => {
    expect(tidy({ b: 0, a: false, c: '\n述职\n报告 ' })).toEqual({ a: false, b: 0, c: '述职\n报告' })
  })

  it('differ by code, whichever side lacks one', () => {
    expect(differing({ a: '1', b: '2' }, { b: '3', c: '4' })).toEqual(['a', 'b', 'c'])
  })

  it.each([
    ['only here', '1', '2', '1', 'mine'],
    ['only elsewhere', '1', '1', '2', 'theirs'],
    ['on both sides', '1', '2', '3', null],
  ])('changed %s', (_, base, mine, theirs, side) => {
    expect(whoChanged('a', { a: base }, { a: mine }, { a: theirs })).toBe(side)
  })

  it('are put together as chosen', () => {
    const [mine, theirs] = [{ a: 'm', b: 'm', same: 's' }, { a: 't', b: 't', c: 't', same: 's' }]
    expect(chosen(mine, theirs, { a: 'mine', b: 'theirs', c: 'theirs' })).toEqual({ a: 'm', b: 't', c: 't', same: 's' })
  })
})
