/**
 * Words written but not sent, per account and case. They live in this tab's storage: a reload or a wrong click loses
 * nothing, and whoever sits at this desk next doesn't read them.
 */

import { forget, recall, remember } from '@shared/keep'

export interface Draft {
  read(): string
  keep(text: string): void
  drop(): void
}

export function draftOf(accountId: number, caseId: number, kind: string): Draft {
  const key = `case-draft.${accountId}.${caseId}.${kind}`
  return {
    read: () => recall(key, 'tab') ?? '',
    keep: (text) => (text === '' ? forget(key, 'tab') : remember(key, text, 'tab')),
    drop: () => forget(key, 'tab'),
  }
}
