import { expect, it } from 'vitest'
import { above, countOf, firstOpen, nodes, visible, withoutTopic } from './topics'

const counts = (active: number, retired = 0): Record<string, number> => ({ active, retired })
const ROWS = ['专业', '专业/内科', '专业/内科/心血管', '专业/外科', '人文'].map((topic, index) => ({
  topic,
  own: counts(0),
  counts: counts(10 - index, 2),
}))
const ALL = nodes(ROWS, '')

it('counts all but the retired, or just one status', () => {
  expect(countOf({ active: 3, draft: 1, retired: 5 }, '')).toBe(4)
  expect(countOf({ active: 3, draft: 1, retired: 5 }, 'retired')).toBe(5)
  expect(countOf({}, 'review')).toBe(0)
})

it('knows names, depths and parents', () => {
  expect(ALL[2]).toEqual({ topic: '专业/内科/心血管', name: '心血管', depth: 3, count: 8, parent: false })
  expect(ALL.filter((node) => node.parent).map((node) => node.topic)).toEqual(['专业', '专业/内科'])
  expect(above('专业/内科/心血管')).toEqual(['专业/内科', '专业'])
})

it('shows only what lies in open topics', () => {
  expect(visible(ALL, new Set()).map((node) => node.name)).toEqual(['专业', '人文'])
  expect(visible(ALL, new Set(['专业/内科'])).map((node) => node.name)).toEqual(['专业', '人文'])
  expect(visible(ALL, firstOpen(ALL, '专业/内科/心血管'))).toHaveLength(5)
})

it('finds by name, with the way to it', () => {
  expect(visible(ALL, new Set(), '心血').map((node) => node.name)).toEqual(['专业', '内科', '心血管'])
  expect(visible(ALL, new Set(), '没有')).toEqual([])
})

it('has no nameless node for items without a topic, but counts them', () => {
  const rows = [{ topic: '', own: counts(2), counts: counts(2, 1) }, ...ROWS]
  expect(nodes(rows, '')).toEqual(ALL)
  expect([withoutTopic(rows, ''), withoutTopic(rows, 'retired'), withoutTopic(ROWS, '')]).toEqual([2, 1, 0])
})
