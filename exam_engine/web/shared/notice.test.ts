import { describe, expect, it } from 'vitest'
import { printSize } from './notice'

describe('a notice in print', () => {
  it.each([
    [[], 11.5],
    [['工作成绩评定不合格', ''], 11.5],
    [['字'.repeat(120)], 11.5],
    [['a'.repeat(240)], 11.5],
    [['字'.repeat(60), '字'.repeat(61)], 9.5],
    [['字'.repeat(300), '字'.repeat(500)], 8],
    [['字'.repeat(301), '字'.repeat(500)], 7],
  ])('is set the smaller the more it says: %j', (said, points) => {
    expect(printSize(said)).toBe(points)
  })
})
