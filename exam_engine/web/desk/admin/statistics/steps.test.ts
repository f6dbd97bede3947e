import { describe, expect, it } from 'vitest'
import type { InstitutionCount } from '../shapes'
import { arranged, COLOURS, doneShare, exportUrl, GROUPS, STEPS, stepsIn, sumOf } from './steps'

const row = (name: string, total: number, steps: Record<string, number> = {}, agency = ''): InstitutionCount => ({
  organisation_id: 1,
  name,
  agency,
  total,
  steps,
})
const byName = (one: string, other: string): number => (one < other ? -1 : Number(one > other))

it('every step belongs to exactly one group and has a colour of its own', () => {
  expect(Object.values(GROUPS).flat().sort()).toEqual([...STEPS].sort())
  expect(new Set(Object.values(COLOURS)).size).toBe(STEPS.length)
})

it('shares are whole, and full only when nobody is missing', () => {
  expect(doneShare(row('a', 1000, { rated_pass: 998, ended: 1 }))).toBe(99)
  expect(doneShare(row('a', 3, { rated_pass: 2, rated_fail: 1 }))).toBe(100)
  expect(doneShare(row('a', 0))).toBe(0)
  expect(sumOf({ enrolled: 2 }, ['enrolled', 'unbound'])).toBe(2)
})

describe('institutions', () => {
  const rows = [
    row('乙医院', 5, { rated_pass: 1 }, '丁协会'),
    row('甲医院', 9, { rated_pass: 9 }),
    row('Clinic', 5, { rated_pass: 2 }),
  ]
  const names = (order: Parameters<typeof arranged>[1], query = '') =>
    arranged(rows, order, query, byName).map((one) => one.name)

  it('come by name, by size, or those furthest behind first', () => {
    expect(names('name')).toEqual(['Clinic', '乙医院', '甲医院'])
    expect(names('total')).toEqual(['甲医院', 'Clinic', '乙医院'])
    expect(names('done')).toEqual(['乙医院', 'Clinic', '甲医院'])
  })

  it('are found by a part of their name or their agency’s', () => {
    expect(names('name', ' clin')).toEqual(['Clinic'])
    expect(names('name', '丁协')).toEqual(['乙医院'])
    expect(names('name', 'x')).toEqual([])
  })

  it('need only the steps somebody is at', () => {
    expect(stepsIn([row('a', 1, { enrolled: 1, unbound: 0 }), row('b', 1, { unbound: 2 })])).toEqual([
      'unbound',
      'enrolled',
    ])
  })
})

it('an export asks for what was chosen', () => {
  expect(exportUrl('', '')).toBe('/api/desk/export')
  expect(exportUrl('profile', 'org_review')).toBe('/api/desk/export?subject=profile&state=org_review')
})
