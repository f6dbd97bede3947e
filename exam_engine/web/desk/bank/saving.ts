/**
 * The items of one editor, one alone or a set: what the server has, and what is written. Pure; `useEditing.ts` brings it to
 * the server. A change of what a set shares goes into all its items here, as the server does it when one of them is saved.
 */

import { blank, letterOf, LETTERS, same, sharedFields } from './content'
import type { BankItemDetail, BankItemRow, ItemContent } from './shapes'

export interface Member {
  id: number
  code: string
  /** Of the row as it was read; sent with the next save. */
  revision: number
  /** What the server has: the working copy, else what is in force. */
  saved: ItemContent
  content: ItemContent
}

export const isDirty = (member: Member): boolean => !same(member.saved, member.content)

/** The working copy of an item, else what is in force. */
export function contentOf(detail: BankItemDetail): ItemContent {
  const held = detail.draft_content ?? detail.content
  return blank((held?.type ?? 'A1') as ItemContent['type'], { options: [], ...held })
}

export function memberOf(detail: BankItemDetail): Member {
  const content = contentOf(detail)
  return { id: detail.row.item_id, code: detail.row.code, revision: detail.row.revision, saved: content, content }
}

/** One item changed; what its set shares changes in all. */
export function edited(members: readonly Member[], id: number, content: ItemContent): Member[] {
  const shared = sharedFields(content.type)
  const alike = Object.fromEntries(shared.map((field) => [field, content[field]])) as Partial<ItemContent>
  return members.map((one) => {
    if (one.id === id) return { ...one, content }
    return shared.length === 0 ? one : { ...one, content: followed(one.content, { ...one.content, ...alike }) }
  })
}

/** The key of an item whose shared options were changed in another one: a letter goes where its text went. */
function followed(before: ItemContent, after: ItemContent): ItemContent {
  const at = LETTERS.indexOf(before.key)
  const text = before.options[at] ?? ''
  if (before.key === '' || text.trim() === '' || after.options[at] === text) return after
  const now = after.options.indexOf(text)
  if (now >= 0) return { ...after, key: letterOf(now) }
  return before.options.length === after.options.length ? after : { ...after, key: '' }
}

/** The next to be saved. */
export function nextDirty(members: readonly Member[]): Member | null {
  return members.find(isDirty) ?? null
}

/** The set after the server took `sent` of one item: it wrote what is shared into the others, whose revision grew by it. */
export function taken(members: readonly Member[], id: number, sent: ItemContent, detail: BankItemDetail): Member[] {
  const shared = sharedFields(sent.type)
  const alike = Object.fromEntries(shared.map((field) => [field, sent[field]])) as Partial<ItemContent>
  const rows = new Map<number, BankItemRow>(detail.set.map((row) => [row.item_id, row]))
  return members.map((one) => {
    if (one.id === id) return { ...one, revision: detail.row.revision, code: detail.row.code, saved: sent }
    const row = rows.get(one.id)
    const ours = row !== undefined && row.revision - one.revision === 1 && shared.length > 0
    return ours ? { ...one, revision: row.revision, saved: { ...one.saved, ...alike } } : one
  })
}

/** Others' words instead of one's own. */
export function withTheirs(members: readonly Member[], detail: BankItemDetail): Member[] {
  return members.map((one) => (one.id === detail.row.item_id ? memberOf(detail) : one))
}

/** One's own words upon what others wrote meanwhile. */
export function withMine(members: readonly Member[], detail: BankItemDetail): Member[] {
  return members.map((one) =>
    one.id === detail.row.item_id ? { ...memberOf(detail), content: one.content } : one,
  )
}

/** What stands of a save: for the sign beside the title. */
export type SaveState = 'clean' | 'waiting' | 'saving' | 'saved' | 'offline' | 'refused' | 'conflict'

/** After which codes the server holds something else than this page thinks. */
export const CONFLICTS: ReadonlySet<string> = new Set(['changed_meanwhile', 'in_review', 'set_in_review', 'retired', 'illegal_move'])

/** What a version is compared with: the one before it. */
export function versionBefore(versions: readonly { version: number }[], version: number): number | null {
  const earlier = versions.map((one) => one.version).filter((one) => one < version)
  return earlier.length === 0 ? null : Math.max(...earlier)
}
