import { describe, expect, it } from 'vitest'
import { bodyOf, draftOf, emptyDraft, itemCount, lineOf } from './editing'
import type { Blueprint, QuotaLine } from './shapes'

const BODIES: [string, Blueprint][] = [
  ['of types and topics', { code: 'hum', pool: 'humanities', item_count: 50, types: { A1: 40, 'A3/A4': 10 }, topics: [{ topic: '公共', count: 30 }, { topic: '公共/法规', min: 5, max: 10 }, { topic: '其他', max: 3 }], difficulty: { shares: [3, 5, 2], tolerance: 2 } }],
  ['of sections', { code: 'two', pool: 'p', item_count: 30, sections: [{ title: '第一部分', types: { A1: 20 }, within: ['公共'], points_per_item: 2 }, { title: '第二部分', types: { X: 10 }, source: 'own', topics: [{ topic: '内科', count: 10 }] }] }],
  ['with an audience', { code: 'pro', pool: 'p', item_count: 100, types: { A1: 100 }, audience: { common: 60, own: 40, order: ['specialty', 'common'], times_min: 2, short: 'refuse', own_topics: { internal: [{ topic: '专业/心血管', min: 4 }] } }, expected: 70 }],
]

describe('a blueprint in the editor', () => {
  it.each(BODIES)('%s goes back as it came', (_, body) => {
    expect(bodyOf(draftOf(body))).toEqual(body)
  })

  it('counts its items by its sections where there are any', () => {
    expect(BODIES.map(([, body]) => itemCount(draftOf(body)))).toEqual([50, 30, 100])
  })

  it('leaves out what is empty, and adds up what is named twice', () => {
    const draft = { ...emptyDraft('p'), code: ' x ', types: [{ group: 'A1', count: 3 }, { group: 'A1', count: 2 }, { group: 'X', count: 0 }], topics: [{ topic: ' ', min: 1, max: 1 }], shares: null }
    expect(bodyOf(draft)).toEqual({ code: 'x', pool: 'p', item_count: 5, types: { A1: 5 } })
  })

  it('finds the line that speaks of a rule', () => {
    const line = (rule: string, name: string, section = 0): QuotaLine => ({ rule, name, section, state: 'ok' }) as QuotaLine
    const lines = [line('type', 'A1'), line('topic', 'topic 公共'), line('topic', '公共', 2)]
    expect(lineOf(lines, 'topic', '公共')?.section).toBe(0)
    expect(lineOf(lines, 'topic', '公共', 2)?.section).toBe(2)
    expect(lineOf(lines, 'type', 'X')).toBeUndefined()
  })
})
