import { describe, expect, it } from 'vitest'
import { joined } from './joined'

describe('a list in a line of text', () => {
  it('is written as its language writes it', () => {
    expect(joined(['A', 'B'], 'zh-CN')).toBe('A、B')
    expect(joined(['A', 'B'], 'en')).toBe('A, B')
    expect(joined([], 'en')).toBe('')
  })
})
