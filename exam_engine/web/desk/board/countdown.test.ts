import { describe, expect, it } from 'vitest'
import { aTile } from '../testing/tile'
import { asMinutes, asShort, offlineSeconds, remainingMs } from './countdown'

const NOW = Date.parse('2026-11-22T09:30:00Z')

describe('what is left', () => {
  it('is the difference of two instants of the server', () => {
    expect(remainingMs(aTile(), NOW)).toBe(30 * 60_000)
  })

  it('stands while paused', () => {
    expect(remainingMs(aTile({ paused_at: '2026-11-22T09:10:00Z', ticking: false }), NOW)).toBe(50 * 60_000)
  })

  it('goes on through a pause that is not compensated', () => {
    expect(remainingMs(aTile({ paused_at: '2026-11-22T09:10:00Z' }), NOW)).toBe(30 * 60_000)
  })

  it('is never less than nothing', () => {
    expect(remainingMs(aTile(), NOW + 3600_000)).toBe(0)
  })

  it('is not told of who has not begun or has finished', () => {
    expect(remainingMs(aTile({ phase: 'ready', deadline_at: null }), NOW)).toBeNull()
    expect(remainingMs(aTile({ phase: 'submitted' }), NOW)).toBeNull()
  })
})

describe('being offline', () => {
  it('is counted from when the device was last seen', () => {
    expect(offlineSeconds(aTile({ connected: false, seen_at: '2026-11-22T09:29:15Z' }), NOW)).toBe(45)
  })

  it('is not counted for who is here or was never seen', () => {
    expect(offlineSeconds(aTile({ seen_at: '2026-11-22T09:29:15Z' }), NOW)).toBeNull()
    expect(offlineSeconds(aTile({ connected: null }), NOW)).toBeNull()
  })
})

it('lengths are written as minutes and seconds, rounded up', () => {
  expect([asMinutes(0), asMinutes(1), asMinutes(9_500), asMinutes(65 * 60_000)]).toEqual([
    '0:00',
    '0:01',
    '0:10',
    '65:00',
  ])
  expect([asShort(59), asShort(60), asShort(7200)]).toEqual(['59s', '1m', '2h'])
})
