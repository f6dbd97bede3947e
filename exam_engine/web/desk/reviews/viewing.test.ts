import { expect, it } from 'vitest'
import { neighbour, scaleOf, sharpness, turned, WHOLE, zoomed } from './viewing'

const box = { width: 800, height: 600 }

it('a document is shown whole at first, whichever side is the longer', () => {
  expect(scaleOf({ width: 1600, height: 600 }, box, WHOLE)).toBe(0.5)
  expect(scaleOf({ width: 800, height: 1200 }, box, WHOLE)).toBe(0.5)
  expect(scaleOf({ width: 400, height: 300 }, box, WHOLE)).toBe(2)
})

it('turned it is fitted by its other side', () => {
  expect(scaleOf({ width: 600, height: 1600 }, box, turned(WHOLE))).toBe(0.5)
  expect([1, 2, 3, 4].reduce((view) => turned(view), WHOLE)).toEqual(WHOLE)
})

it('is enlarged in steps, within bounds, and back to where it was', () => {
  expect(zoomed(zoomed(WHOLE, 1), -1).zoom).toBe(1)
  expect(zoomed(WHOLE, 50).zoom).toBe(8)
  expect(zoomed(WHOLE, -50).zoom).toBe(0.5)
  expect(scaleOf({ width: 800, height: 600 }, box, zoomed(WHOLE, 1))).toBe(1.25)
})

it('a picture without a size breaks nothing', () => {
  expect(scaleOf({ width: 0, height: 0 }, box, WHOLE)).toBe(1)
})

it('the neighbours end at the ends', () => {
  expect(neighbour(0, -1, 3)).toBe(0)
  expect(neighbour(2, 1, 3)).toBe(2)
  expect(neighbour(0, 1, 3)).toBe(1)
  expect(neighbour(5, 0, 2)).toBe(1)
})

it('a page is drawn as sharp as the screen, and coarser when it would be too large', () => {
  expect(sharpness(1000, 1000, 2)).toBe(2)
  expect(sharpness(8000, 8000, 2)).toBe(0.5)
})
