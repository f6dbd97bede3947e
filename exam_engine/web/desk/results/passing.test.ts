import { describe, expect, it } from 'vitest'
import type { ResultRow } from '../wire'
import { bucketLabels, previewAt, releasePercent, standing } from './passing'

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
  { pass_points: 40, passing: 9 },
  { pass_points: 60, passing: 5 },
]

describe('the preview of a pass line', () => {
  it('counts the scores themselves when all are listed', () => {
    const results = { preview, rows: [row(59), row(60), row(90), row(null), row(80, 'annulled')], histogram: [3] }
    expect(previewAt(results, 60)).toEqual({ points: 60, passing: 2, exact: true })
  })

  it('else takes the nearest the server offers', () => {
    const results = { preview, rows: [], histogram: [20] }
    expect(previewAt(results, 55)).toEqual({ points: 60, passing: 5, exact: false })
    expect(previewAt(results, 40)?.exact).toBe(true)
    expect(previewAt({ ...results, preview: [] }, 40)).toBeNull()
  })
})

describe('the release', () => {
  it('holds back what is not marked', () => {
    const at = standing({ running: 2, ready: 1, submitted: 3, marked: 30, released: 10, annulled: 1 })
    expect(at).toEqual({ underWay: 3, held: 3, marked: 30, released: 10, annulled: 1 })
    expect(releasePercent(at)).toBe(25)
  })

  it('is whole when nothing marked is left', () => {
    expect(releasePercent(standing({ released: 3 }))).toBe(100)
    expect(releasePercent(standing({}))).toBe(100)
  })
})

it('buckets are tenths', () => {
  expect(bucketLabels(10)[9]).toBe('90–100%')
})
