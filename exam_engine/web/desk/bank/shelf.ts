/**
 * Contents written but not taken by the server yet, per account and item. They live in this tab's storage: a reload, a lost
 * network or an ended session loses nothing, and since an item holds its key, whoever sits at this desk next reads nothing.
 */

import { forget, recall, remember } from '@shared/keep'
import type { ItemContent } from './shapes'

export interface Shelved {
  /** The revision it was written upon. */
  revision: number
  content: ItemContent
}

const keyOf = (accountId: number, itemId: number): string => `bank-draft.${accountId}.${itemId}`

export function shelve(accountId: number, itemId: number, shelved: Shelved): void {
  remember(keyOf(accountId, itemId), JSON.stringify(shelved), 'tab')
}

/** null when there is nothing, or nothing that can be read. */
export function shelved(accountId: number, itemId: number): Shelved | null {
  const text = recall(keyOf(accountId, itemId), 'tab')
  if (text === null) return null
  try {
    const held = JSON.parse(text) as Partial<Shelved>
    return typeof held.revision === 'number' && Array.isArray(held.content?.options) ? (held as Shelved) : null
  } catch {
    return null
  }
}

export function unshelve(accountId: number, itemId: number): void {
  forget(keyOf(accountId, itemId), 'tab')
}
