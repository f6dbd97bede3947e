import { describe, expect, it } from 'vitest'
import { Countdown } from './countdown'
import { mmss } from './show'

function at(start = 1_000): { countdown: Countdown; pass: (ms: number) => void; now: () => number } {
  let now = start
  return { countdown: new Countdown(() => now), pass: (ms) => (now += ms), now: () => now }
}

describe('a countdown', () => {
  it('falls with the steady clock from the last word of the server', () => {
    const { countdown, pass } = at()
    countdown.tell({ remaining_ms: 10_000, ticking: true })
    pass(3_000)
    expect(countdown.left()).toBe(7_000)
  })

  it('stands while the server says it stands', () => {
    const { countdown, pass } = at()
    countdown.tell({ remaining_ms: 10_000, ticking: false })
    pass(60_000)
    expect(countdown.left()).toBe(10_000)
  })

  it('counts the way of the question as passed, so it is never more generous than the server', () => {
    const { countdown, pass, now } = at()
    const asked = now()
    pass(800)
    countdown.tell({ remaining_ms: 10_000, ticking: true }, asked)
    expect(countdown.left()).toBe(9_200)
  })

  it('rises only by a word of the server', () => {
    const { countdown, pass } = at()
    countdown.tell({ remaining_ms: 5_000, ticking: true })
    pass(2_000)
    const before = countdown.left()
    pass(-1_500)
    expect(countdown.left()).toBe(before)
    countdown.tell({ remaining_ms: 65_000, ticking: true })
    expect(countdown.left()).toBe(65_000)
  })

  it('ends at zero', () => {
    const { countdown, pass } = at()
    countdown.tell({ remaining_ms: 1_000, ticking: true })
    pass(5_000)
    expect(countdown.left()).toBe(0)
  })

  it('is drawn so that 00:00 means nothing is left', () => {
    expect([mmss(1), mmss(0), mmss(59_999), mmss(3_600_000), mmss(-5)]).toEqual([
      '00:01',
      '00:00',
      '01:00',
      '1:00:00',
      '00:00',
    ])
  })
})
