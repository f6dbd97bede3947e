import { describe, expect, it } from 'vitest'
import type { ItemView } from '@shared/shapes'
import { chosen, isPast, lettersOf, setOf } from './paper'

const item = (no: number, over: Partial<ItemView> = {}): ItemView => ({
  no,
  type: 'A1',
  stem: '题干',
  case: '',
  group: 0,
  chain: false,
  multiple: false,
  options: ['c', 'a', 'b'].map((id) => ({ id, text: id })),
  ...over,
})

describe('a paper', () => {
  it('draws letters by position, whatever the ids', () => {
    expect(lettersOf(item(1), 'ac')).toBe('AB')
  })

  it('replaces the choice where one is allowed and collects where several are', () => {
    expect(chosen(item(1), 'a', 'b')).toBe('b')
    const x = item(1, { multiple: true })
    expect(chosen(x, 'b', 'a')).toBe('ab')
    expect(chosen(x, 'ab', 'a')).toBe('b')
    expect(chosen(x, 'a', 'a')).toBe('')
  })

  it('closes earlier items of a chain once a later one is answered', () => {
    const chain = [1, 2, 3].map((no) => item(no, { group: 7, chain: true }))
    const [first, , third] = chain as [ItemView, ItemView, ItemView]
    expect(isPast(chain, first, new Set([2]))).toBe(true)
    expect(isPast(chain, third, new Set([2]))).toBe(false)
    expect(isPast(chain, { ...first, chain: false }, new Set([2]))).toBe(false)
  })

  it('knows the set of an item', () => {
    const items = [item(1), item(2, { group: 3 }), item(3, { group: 3 })]
    expect(setOf(items, items[1]!).map((one) => one.no)).toEqual([2, 3])
    expect(setOf(items, items[0]!)).toHaveLength(1)
  })
})
