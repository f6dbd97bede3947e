import { describe, expect, it } from 'vitest'
import type { IncidentRow } from '../wire'
import { exhibits, maySeePictures, NO_LINKS, toAsk, withAnswer } from './evidence'

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

describe('links', () => {
  const answer = (pictures: string[], until: string) => ({
    until,
    links: pictures.map((picture) => ({ attempt_id: 1, picture, url: `/p/${picture}` })),
  })
  const at = (iso: string) => Date.parse(iso)

  it('are asked for once, no empty name among them', () => {
    expect(toAsk(['a', '', 'b', 'a'], NO_LINKS, 0)).toEqual([['a', 'b']])
    const links = withAnswer(NO_LINKS, answer(['a'], '2026-01-01T09:05:00Z'), at('2026-01-01T09:00:00Z'))
    expect(toAsk(['a', 'b'], links, at('2026-01-01T09:04:00Z'))).toEqual([['b']])
  })

  it('are asked for again shortly before they end', () => {
    const links = withAnswer(NO_LINKS, answer(['a'], '2026-01-01T09:05:00Z'), at('2026-01-01T09:00:00Z'))
    expect(toAsk(['a'], links, at('2026-01-01T09:04:49Z'))).toEqual([])
    expect(toAsk(['a'], links, at('2026-01-01T09:04:51Z'))).toEqual([['a']])
  })

  it('of a later answer do not lengthen those of an earlier one', () => {
    const first = withAnswer(NO_LINKS, answer(['a'], '2026-01-01T09:05:00Z'), at('2026-01-01T09:00:00Z'))
    const both = withAnswer(first, answer(['b'], '2026-01-01T09:07:00Z'), at('2026-01-01T09:02:00Z'))
    expect([...both.urls.keys()]).toEqual(['a', 'b'])
    expect(both.untilMs).toBe(at('2026-01-01T09:05:00Z'))
    const later = withAnswer(both, answer(['a'], '2026-01-01T09:11:00Z'), at('2026-01-01T09:06:00Z'))
    expect([...later.urls.keys()]).toEqual(['a'])
    expect(later.untilMs).toBe(at('2026-01-01T09:11:00Z'))
  })

  it('are asked for in portions the server takes', () => {
    const many = Array.from({ length: 900 }, (_, n) => `p${n}`)
    expect(toAsk(many, NO_LINKS, 0).map((part) => part.length)).toEqual([400, 400, 100])
  })
})

it('a province decides on words, not on faces', () => {
  expect(['invigilator', 'chief', 'agency', 'province', 'nation'].map(maySeePictures)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ])
})
