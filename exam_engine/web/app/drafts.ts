/** What somebody has begun to write and not yet sent; kept over a reload, gone at log-out. */
import { forget, recall, remember } from '@shared/keep'

const LIST = 'drafts'

const names = (): string[] => (recall(LIST) ?? '').split(' ').filter(Boolean)

export const draftOf = (name: string): string => recall(`draft-${name}`) ?? ''

export function keepDraft(name: string, text: string): void {
  remember(`draft-${name}`, text)
  remember(LIST, [...new Set([...names(), name])].join(' '))
}

export function forgetDraft(name: string): void {
  forget(`draft-${name}`)
  remember(LIST, names().filter((one) => one !== name).join(' '))
}

export function forgetDrafts(): void {
  names().forEach((name) => forget(`draft-${name}`))
  forget(LIST)
}
