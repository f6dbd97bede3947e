/** The duplicate report as it is worked through: groups of pairs, what was put aside, which is shown. */

import { forget, recall, remember } from '@shared/keep'
import type { DuplicatePair } from './shapes'

export type Verdict = '' | 'same' | 'near' | 'differs'

export const pairKey = (pair: DuplicatePair): string =>
  [pair.ours.item_id, pair.theirs.item_id].sort((one, other) => one - other).join('-')

export interface Group {
  /** Items that hang together by pairs, directly or over others. */
  items: number[]
  pairs: DuplicatePair[]
}

/** Pairs that share items together, in the order of their nearest pair. */
export function grouped(pairs: readonly DuplicatePair[]): Group[] {
  const head = new Map<number, number>()
  const find = (id: number): number => {
    const above = head.get(id)
    if (above === undefined || above === id) return id
    const top = find(above)
    head.set(id, top)
    return top
  }
  for (const pair of pairs) {
    const [one, other] = [find(pair.ours.item_id), find(pair.theirs.item_id)]
    if (one !== other) head.set(other, one)
  }
  const groups = new Map<number, Group>()
  for (const pair of pairs) {
    const top = find(pair.ours.item_id)
    const group = groups.get(top) ?? { items: [], pairs: [] }
    group.pairs.push(pair)
    for (const id of [pair.ours.item_id, pair.theirs.item_id]) if (!group.items.includes(id)) group.items.push(id)
    groups.set(top, group)
  }
  return [...groups.values()]
}

/** The verdict of a pair stands on both sides alike. */
export function narrowed(pairs: readonly DuplicatePair[], verdict: Verdict, aside: ReadonlySet<string>): DuplicatePair[] {
  return pairs.filter((pair) => (verdict === '' || pair.theirs.verdict === verdict) && !aside.has(pairKey(pair)))
}

const ASIDE_MAX = 5_000
const slot = (accountId: number, pool: string): string => `bank-aside.${accountId}.${pool}`

/** Pairs this account looked at in this browser and found to be no duplicates: numbers only. */
export function readAside(accountId: number, pool: string): Set<string> {
  return new Set((recall(slot(accountId, pool)) ?? '').split(' ').filter((key) => /^\d+-\d+$/.test(key)))
}

export function keepAside(accountId: number, pool: string, aside: ReadonlySet<string>): void {
  if (aside.size === 0) forget(slot(accountId, pool))
  else remember(slot(accountId, pool), [...aside].slice(-ASIDE_MAX).join(' '))
}
