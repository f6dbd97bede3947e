/** The tree of topics, drawn as rows: a topic is a path from the general to the special, 专业/内科/心血管. */

import type { TopicRow } from './shapes'

export interface TopicNode {
  topic: string
  /** The last step of its path. */
  name: string
  /** From 1. */
  depth: number
  count: number
  parent: boolean
}

/** How many items of `status`; of all statuses but retired when it is "". */
export function countOf(counts: Readonly<Record<string, number>>, status: string): number {
  if (status !== '') return counts[status] ?? 0
  return Object.entries(counts).reduce((sum, [name, count]) => (name === 'retired' ? sum : sum + count), 0)
}

export const parentOf = (topic: string): string => topic.slice(0, Math.max(0, topic.lastIndexOf('/')))

/** Every topic above this one, the nearest first. */
export function above(topic: string): string[] {
  const parent = parentOf(topic)
  return parent === '' ? [] : [parent, ...above(parent)]
}

/** The tree has no node for items without a topic: they lie in no branch of it (`withoutTopic`). */
export function nodes(rows: readonly TopicRow[], status: string): TopicNode[] {
  const parents = new Set(rows.map((row) => parentOf(row.topic)))
  return rows.filter((row) => row.topic !== '').map((row) => ({
    topic: row.topic,
    name: row.topic.slice(row.topic.lastIndexOf('/') + 1),
    depth: row.topic.split('/').length,
    count: countOf(row.counts, status),
    parent: parents.has(row.topic),
  }))
}

/** How many items have no topic yet. */
export function withoutTopic(rows: readonly TopicRow[], status: string): number {
  return rows.filter((row) => row.topic === '').reduce((sum, row) => sum + countOf(row.counts, status), 0)
}

/** The nodes to be seen: those all of whose parents are open, and with `q` those that contain it, with their parents. */
export function visible(all: readonly TopicNode[], open: ReadonlySet<string>, q = ''): TopicNode[] {
  const wanted = q.trim().toLowerCase()
  if (wanted === '') return all.filter((node) => above(node.topic).every((parent) => open.has(parent)))
  const found = all.filter((node) => node.name.toLowerCase().includes(wanted)).map((node) => node.topic)
  const shown = new Set(found.flatMap((topic) => [topic, ...above(topic)]))
  return all.filter((node) => shown.has(node.topic))
}

/** What is open at first: two steps, and the way to what is chosen. */
export function firstOpen(all: readonly TopicNode[], topic: string): Set<string> {
  const tops = all.filter((node) => node.parent && node.depth === 1).map((node) => node.topic)
  return new Set([...tops, ...(topic === '' ? [] : above(topic))])
}
