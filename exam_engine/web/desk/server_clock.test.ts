import { expect, it } from 'vitest'
import { ServerClock } from './server_clock'

const NOON = Date.parse('2026-11-22T12:00:00Z')
const at = (ms: number): string => new Date(NOON + ms).toISOString()

it('knows nothing before the first word', () => {
  expect(new ServerClock().now(5)).toBeNull()
})

it('runs on differences of the monotonic clock', () => {
  const clock = new ServerClock()
  clock.hear(at(0), 1_000)
  expect(clock.now(3_500)).toBe(NOON + 2_500)
})

it('is not put back by a word that was long under way', () => {
  const clock = new ServerClock()
  clock.hear(at(0), 1_000)
  clock.hear(at(1_000), 2_900) // 900 ms on the road
  expect(clock.now(3_000)).toBe(NOON + 2_000)
})

it('follows when this machine slept', () => {
  const clock = new ServerClock()
  clock.hear(at(0), 1_000)
  clock.hear(at(600_000), 2_000)
  expect(clock.now(2_000)).toBe(NOON + 600_000)
})

it('passes over what is no instant', () => {
  const clock = new ServerClock()
  clock.hear('soon', 1_000)
  expect(clock.now(1_000)).toBeNull()
})
