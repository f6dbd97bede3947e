/** Texts of the notice: which is in force, and what is wrong in a new one. The limits are the server's. */

import type { NoticeRow } from '../shapes'

export const TITLE_CHARS_MAX = 120
export const BODY_CHARS_MIN = 20
export const BODY_CHARS_MAX = 50_000
export const NATION = '00'

/** What physicians are shown: a province's own newest text, or the nation's where it has none. Newest first. */
export function inForce(notices: readonly NoticeRow[], role: string): NoticeRow | null {
  const nations = notices.find((one) => one.province === NATION) ?? null
  if (role === 'nation') return nations
  return notices.find((one) => one.province !== NATION) ?? nations
}

/** Newer versions of the same province. */
export function isNewest(notices: readonly NoticeRow[], notice: NoticeRow): boolean {
  return !notices.some((one) => one.province === notice.province && one.version > notice.version)
}

export interface NoticeDraft {
  title: string
  body: string
}

export type NoticeFault = 'title' | 'body' | 'unchanged'

export function noticeFaults(draft: NoticeDraft, base: NoticeDraft | null): NoticeFault[] {
  const faults: NoticeFault[] = []
  if (draft.title.trim() === '') faults.push('title')
  if ([...draft.body.trim()].length < BODY_CHARS_MIN) faults.push('body')
  const same = base !== null && draft.title.trim() === base.title.trim() && draft.body.trim() === base.body.trim()
  return same ? [...faults, 'unchanged'] : faults
}
