/**
 * Words written at a file but not sent, per account, file and act. They live in this tab's storage: a reload or a wrong
 * key loses nothing, and whoever sits at this desk next doesn't read them.
 */

import { forget, recall, remember } from '@shared/keep'

const key = (accountId: number, fileId: number, act: string): string => `review-draft.${accountId}.${fileId}.${act}`

export function readDraft(accountId: number, fileId: number, act: string): string {
  return recall(key(accountId, fileId, act), 'tab') ?? ''
}

export function keepDraft(accountId: number, fileId: number, act: string, text: string): void {
  if (text.trim() === '') forget(key(accountId, fileId, act), 'tab')
  else remember(key(accountId, fileId, act), text, 'tab')
}

/** The act was sent: none of the words for this file are needed any more. */
export function dropDrafts(accountId: number, fileId: number): void {
  for (const act of ['return', 'refuse', 'undo', 'reopen', 'close']) forget(key(accountId, fileId, act), 'tab')
}
