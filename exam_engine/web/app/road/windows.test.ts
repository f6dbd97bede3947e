import { describe, expect, it } from 'vitest'
import { daysUntil, standing } from './windows'

// 2026-11-15 09:00 to 2026-11-25 23:00 in China
const window = { opens_at: '2026-11-15T01:00:00Z', closes_at: '2026-11-25T15:00:00Z' }
const at = (now: string): string => {
  const { state, days } = standing(window, now)
  return `${state} ${days}`
}

describe('a window', () => {
  it('that is not announced is unknown', () => expect(standing(null, '2026-11-15T01:00:00Z').state).toBe('unknown'))

  it('counts the days of China until it opens', () => {
    expect(at('2026-11-13T15:59:00Z')).toBe('ahead 2')
    expect(at('2026-11-13T16:01:00Z')).toBe('ahead 1')
    expect(at('2026-11-15T00:59:59Z')).toBe('ahead 0')
  })

  it('is open from its first instant, and its last day is day 0', () => {
    expect(at('2026-11-15T01:00:00Z')).toBe('open 10')
    expect(at('2026-11-24T16:00:00Z')).toBe('open 0')
    expect(at('2026-11-25T14:59:59Z')).toBe('open 0')
  })

  it('is over at its closing instant', () => expect(at('2026-11-25T15:00:00Z')).toBe('closed 0'))

  it('that closes at midnight has its last day before', () => {
    const midnight = { ...window, closes_at: '2026-11-25T16:00:00Z' }
    expect(standing(midnight, '2026-11-25T02:00:00Z')).toEqual({ state: 'open', days: 0 })
  })
})

it('a due date that has passed leaves less than no days', () => {
  expect(daysUntil('2026-11-20T15:00:00Z', '2026-11-18T15:00:00Z')).toBe(2)
  expect(daysUntil('2026-11-20T15:00:00Z', '2026-11-22T15:00:00Z')).toBe(-2)
})
