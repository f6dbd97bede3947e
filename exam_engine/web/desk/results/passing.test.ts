import { describe, expect, it } from 'vitest'
import type { ResultRow } from '../wire'
import { bucketLabels, heldMarked, isHeld, previewAt, releasePercent, standing } from './passing'

const row = (points: number | null, phase: ResultRow['phase'] = 'marked'): ResultRow => ({
  attempt_id: 1,
  person_id: 1,
  name: '王敏',
  id_number: '',
  phase,
  points,
  points_max: 100,
  unanswered: 0,
  ending: null,
  late: 0,
  passed: null,
})
const preview = [
  { pass_points: 40, passing: 9, held: 2 },
  { pass_points: 60, passing: 5, held: 1 },
]

describe('the preview of a pass line', () => {
  it('counts the scores themselves when all are listed', () => {
    const results = { preview, rows: [row(59), row(60), row(90), row(null), row(80, 'annulled')], histogram: [3] }
    expect(previewAt(results, 60)).toEqual({ points: 60, passing: 2, held: 0, exact: true })
  })

  it('says how many of these a case holds back', () => {
    const rows = [row(90), { ...row(80), held_by: [7] }, { ...row(30), held_by: [] }]
    expect(previewAt({ preview, rows, histogram: [3] }, 60)).toEqual({ points: 60, passing: 2, held: 1, exact: true })
    expect(rows.map(isHeld)).toEqual([false, true, true])
  })

  it('else takes the nearest the server offers', () => {
    const results = { preview, rows: [], histogram: [20] }
    expect(previewAt(results, 55)).toEqual({ points: 60, passing: 5, held: 1, exact: false })
    expect(previewAt(results, 40)?.exact).toBe(true)
    expect(previewAt({ ...results, preview: [] }, 40)).toBeNull()
  })
})

describe('the release', () => {
  it('holds back what is not marked', () => {
    const at = standing({ running: 2, ready: 1, submitted: 3, marked: 30, released: 10, annulled: 1 }, 0)
    expect(at).toEqual({ underWay: 3, held: 3, inCases: 0, marked: 30, released: 10, annulled: 1 })
    expect(releasePercent(at)).toBe(25)
  })

  it('is whole when nothing marked is left', () => {
    expect(releasePercent(standing({ released: 3 }, 0))).toBe(100)
    expect(releasePercent(standing({}, 0))).toBe(100)
  })

  it('is whole although cases hold some back', () => {
    const inCases = heldMarked({ phases: { marked: 5 }, releasable: 3 })
    expect(inCases).toBe(2)
    expect(standing({ marked: 5 }, inCases)).toMatchObject({ marked: 3, inCases: 2 })
    expect(releasePercent(standing({ marked: 2, released: 3 }, inCases))).toBe(100)
    expect(standing({ marked: 1, released: 4 }, inCases)).toMatchObject({ marked: 0, inCases: 1 })
  })
})

it('buckets are tenths', () => {
  expect(bucketLabels(10)[9]).toBe('90–100%')
})
