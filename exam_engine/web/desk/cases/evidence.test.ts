import { describe, expect, it } from 'vitest'
import { maySeeFaces } from '../wall/roles'
import type { IncidentRow } from '../wire'
import { exhibits } from './evidence'

const incident = (incident_id: number, at: string, pictures: string[]): IncidentRow => ({
  incident_id,
  rule: 'other_person',
  ordinal: incident_id,
  level: 3,
  at,
  for_ms: 0,
  pictures,
  note: '',
  by: '',
  verdict: '',
  reviewed_by: '',
})

describe('exhibits', () => {
  const shown = exhibits({
    incidents: [incident(2, '2026-01-01T09:10:00Z', ['b', 'c']), incident(1, '2026-01-01T09:05:00Z', ['a', 'b'])],
    pictures: ['c', 'd'],
  })

  it('are each shown once, in the order of what happened, then what people attached', () => {
    expect(shown.map((one) => one.picture)).toEqual(['a', 'b', 'c', 'd'])
  })

  it('know all the incidents they belong to', () => {
    expect(shown.map((one) => one.incidents.map((found) => found.incident_id))).toEqual([[1], [1, 2], [2], []])
  })
})

it('a province decides on words, not on faces', () => {
  expect(['invigilator', 'chief', 'agency', 'province', 'nation'].map(maySeeFaces)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ])
})
