import { describe, expect, it } from 'vitest'
import { fileDeed, hasSettled, listDeed, SETTLE_MS } from './keys'

describe('keys', () => {
  it('mean the same whatever the shift key does', () => {
    expect(fileDeed('A', false)).toBe('approve')
    expect(fileDeed('a', false)).toBe('approve')
    expect(listDeed('J')).toBe('down')
    expect(listDeed('ArrowDown')).toBe('down')
    expect(fileDeed('q', false)).toBeNull()
  })

  it('held down look on, but decide nothing', () => {
    for (const key of ['a', 'r', 'x', 'u', 'n']) expect(fileDeed(key, true)).toBeNull()
    expect(fileDeed('ArrowRight', true)).toBe('document_next')
    expect(fileDeed('+', true)).toBe('larger')
  })

  it('decide nothing before the file has been on the screen for a moment', () => {
    expect(hasSettled(null, 5_000)).toBe(false)
    expect(hasSettled(5_000, 5_000 + SETTLE_MS - 1)).toBe(false)
    expect(hasSettled(5_000, 5_000 + SETTLE_MS)).toBe(true)
  })
})
