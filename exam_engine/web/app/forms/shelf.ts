/**
 * What was typed and the server has not got yet. It is written down at every change, before anything is sent, so that a
 * closed tab loses nothing; localStorage because it is written by the time the call returns. An account has its own
 * names, so nobody is shown another's; all go at log-out (drafts.ts).
 */
import { draftOf, forgetDraft, keepDraft } from '../drafts'
import type { Standing } from './draft'
import type { Values } from './shapes'

/** `base`: the server's values at `version`, from which `values` went on. `page`: who wrote it down. */
export interface Kept {
  page: string
  version: number
  base: Values
  values: Values
  view: Standing
}

export interface Shelf {
  read(): Kept | null
  /** False: the browser did not keep it. */
  write(kept: Kept): boolean
  /** Forget what this page wrote; another tab's stays. */
  drop(page: string): void
}

export function openShelf(account: number, subject: string): Shelf {
  const name = `file-${account}-${subject}`
  const read = (): Kept | null => {
    try {
      return JSON.parse(draftOf(name)) as Kept
    } catch {
      return null // nothing there
    }
  }
  const write = (kept: Kept): boolean => {
    const text = JSON.stringify(kept)
    keepDraft(name, text)
    return draftOf(name) === text
  }
  const drop = (page: string): void => {
    if (read()?.page === page) forgetDraft(name)
  }
  return { read, write, drop }
}
