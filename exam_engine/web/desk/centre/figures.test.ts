import { describe, expect, it } from 'vitest'
import type { CountsAt, GroupCounts } from '../wire'
import { axisOf, entryPercent, incidentRows, nameEms, ranked, segments, summed, visionState } from './figures'

const point = (at: string, running: number): CountsAt => ({
  at: `2026-01-01T09:${at}Z`,
  entered: running,
  running,
  offline: 0,
  flagged: 1,
  handed_in: 0,
})
const group = (key: string, expected: number, part: Partial<GroupCounts> = {}): GroupCounts => ({
  key,
  expected,
  entered: 0,
  running: 0,
  offline: 0,
  flagged: 0,
  handed_in: 0,
  ...part,
})

describe('the line of all sittings', () => {
  it('of one sitting is its own', () => {
    const points = [point('00:03', 1), point('01:03', 2)]
    expect(summed([{ points }])).toEqual(points)
    expect(summed([])).toEqual([])
    expect(summed([{ points: [] }, { points: [] }])).toEqual([])
  })

  it('adds what each had last, and nobody before his first point', () => {
    const line = summed([
      { points: [point('00:01', 10), point('01:01', 20)] },
      { points: [point('01:04', 5), point('02:04', 6)] },
    ])
    expect(line.map((one) => [one.at.slice(14, 19), one.running, one.flagged])).toEqual([
      ['00:00', 10, 1],
      ['01:00', 25, 2],
      ['02:00', 26, 2],
    ])
  })

  it('leaves a sitting that ended at what it had, whatever order the sittings come in', () => {
    const [early, late] = [{ points: [point('00:00', 7)] }, { points: [point('05:00', 3)] }]
    expect(summed([early, late])).toEqual(summed([late, early]))
    expect(summed([late, early])[1]?.running).toBe(10)
  })
})

it('the axis is never shorter than ten minutes, and knows when it is long', () => {
  const noon = Date.parse('2026-01-01T09:00:00Z')
  expect(axisOf([point('00:00', 1)])).toEqual({ min: noon - 300_000, max: noon + 300_000, long: false })
  expect(axisOf([point('00:00', 1), point('30:00', 1)])).toEqual({ min: noon, max: noon + 1_800_000, long: false })
  expect(axisOf([{ at: '2026-01-01T09:00:00Z' }, { at: '2026-01-03T09:00:00Z' }]).long).toBe(true)
})

describe('the bars', () => {
  it('the largest groups first, the others in one', () => {
    const groups = [group('a', 5, { running: 1 }), group('b', 50), group('c', 7, { running: 2 }), group('d', 50)]
    const top = ranked(groups, 2)
    expect(top.shown.map((one) => one.key)).toEqual(['b', 'd'])
    expect([top.rest?.expected, top.rest?.running, top.restCount]).toEqual([12, 3, 2])
    expect(ranked(groups, 4)).toMatchObject({ rest: null, restCount: 0 })
  })

  it('never exceed their frame, nor count an offline candidate twice', () => {
    const parts = segments(group('a', 100, { entered: 90, running: 60, offline: 10, handed_in: 20 }))
    expect(parts).toEqual({ handed_in: 20, running: 50, offline: 10, before: 10 })
    const more = segments(group('a', 2, { entered: 4, running: 4 }))
    expect(more.running).toBe(100)
    expect(segments(group('a', 0)).running).toBe(0)
  })

  it('offline ones who handed in are no part of the running', () => {
    expect(segments(group('a', 10, { entered: 10, running: 2, offline: 5, handed_in: 8 }))).toEqual({
      handed_in: 80,
      running: 0,
      offline: 20,
      before: 0,
    })
  })

  it('have room for the longest name', () => {
    expect(nameEms(['北京', '黑龙江'])).toBe(3)
    expect(nameEms(['Inner Mongolia'])).toBe(9)
    expect(nameEms([])).toBe(0)
  })

  it('are full only when nobody is missing', () => {
    expect(entryPercent({ expected: 1000, entered: 999 })).toBe(99)
    expect(entryPercent({ expected: 3, entered: 3 })).toBe(100)
    expect(entryPercent({ expected: 0, entered: 0 })).toBe(0)
  })
})

it('incidents by kind: most first, the rest in one, none that never happened', () => {
  expect(incidentRows({ idle: 0, left_page: 3, no_face: 9, copy: 3 }, 5)).toEqual([
    { rule: 'no_face', count: 9 },
    { rule: 'copy', count: 3 },
    { rule: 'left_page', count: 3 },
  ])
  expect(incidentRows({ left_page: 3, no_face: 9, copy: 2 }, 2)).toEqual([
    { rule: 'no_face', count: 9 },
    { rule: '', count: 5 },
  ])
})

it('the models are fine only when all of them work', () => {
  expect(visionState({ reason: '', workers: 2, workers_alive: 2 })).toBe('fine')
  expect(visionState({ reason: '', workers: 2, workers_alive: 1 })).toBe('fewer')
  expect(visionState({ reason: 'down', workers: 2, workers_alive: 0 })).toBe('down')
})
