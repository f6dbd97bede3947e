import { describe, expect, it } from 'vitest'
import { printSize } from './notice'

describe('a notice in print', () => {
  it.each([
    [[], 11.5],
    [['工作成绩评定不合格', ''], 11.5],
    [['字'.repeat(160)], 11.5],
    [['a'.repeat(320)], 11.5],
    [['字'.repeat(100), '字'.repeat(61)], 10],
    [['字'.repeat(300), '字'.repeat(500)], 8],
  ])('is set the smaller the more it says: %j', (said, points) => {
    expect(printSize(said)).toBe(points)
  })
})
