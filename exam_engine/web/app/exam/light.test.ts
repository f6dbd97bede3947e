import { describe, expect, it } from 'vitest'
import { CoverWatch, lightOf, looksCovered, POINTS } from './light'

const COUNT = POINTS.width * POINTS.height
const picture = (grey: (point: number) => number): number[] =>
  Array.from({ length: COUNT }, (_, point) => [grey(point), grey(point), grey(point), 255]).flat()

describe('the light of a picture', () => {
  it.each([
    ['black video', () => 16, true],
    ['a finger: red and even', (point: number) => 60 + (point % 3), true],
    ['a white wall close by', () => 240, true],
    ['a face lit by a screen alone', (point: number) => (point % 5 === 0 ? 70 : 25), false],
    ['a room', (point: number) => (point % 7) * 30, false],
  ])('%s', (_name, grey, covered) => {
    expect(looksCovered(lightOf(picture(grey)))).toBe(covered)
  })

  it('is measured as mean and spread', () => {
    const { mean, spread } = lightOf(picture((point) => (point % 2 === 0 ? 80 : 120)))
    expect(mean).toBeCloseTo(100)
    expect(spread).toBeCloseTo(20)
  })
})

describe('a cover', () => {
  const dark = { mean: 5, spread: 1 }
  const good = { mean: 120, spread: 40 }

  it('is told at the second look, with when it began', () => {
    const watch = new CoverWatch()
    expect(watch.look(dark, 1_000)).toBeNull()
    expect(watch.look(dark, 3_000)).toBe(1_000)
    expect(watch.look(dark, 5_000)).toBe(1_000)
  })

  it('is none when a hand only passed', () => {
    const watch = new CoverWatch()
    watch.look(dark, 1_000)
    expect(watch.look(good, 3_000)).toBeNull()
    expect(watch.look(dark, 5_000)).toBeNull()
  })
})
