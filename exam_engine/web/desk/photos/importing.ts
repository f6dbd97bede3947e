/**
 * One import on its way: chosen, going up, being looked through by the server, finished.
 *
 * The server works on after the upload; its number is kept in the tab, so that a reload finds the report again.
 */

import type { Problem } from '@shared/problem'
import { share } from '../parts/upload'
import type { PhotoImport } from '../wire'

export const ZIP_BYTES_MAX = 512 * 1024 * 1024

export type ImportState =
  | { step: 'idle' }
  | { step: 'sending'; name: string; sent: number; bytes: number }
  | { step: 'working'; job: PhotoImport }
  | { step: 'done'; job: PhotoImport }
  | { step: 'failed'; problem: Problem }

export type FileFault = 'not_a_zip' | 'empty_file' | 'zip_too_large'

export function fileFault(file: { name: string; size: number }): FileFault | null {
  if (!/\.zip$/i.test(file.name)) return 'not_a_zip'
  if (file.size === 0) return 'empty_file'
  return file.size > ZIP_BYTES_MAX ? 'zip_too_large' : null
}

export function afterAnswer(job: PhotoImport): ImportState {
  return { step: job.finished ? 'done' : 'working', job }
}

/** Whole percent of a step; null while the whole is not known. */
export function percentOf(state: ImportState): number | null {
  if (state.step === 'sending') return share(state.sent, state.bytes)
  if (state.step === 'working') return state.job.total === 0 ? null : share(state.job.done, state.job.total)
  return state.step === 'done' ? 100 : null
}

const ASK_MS = { first: 500, most: 4_000 }

/** How long to wait before asking again: the longer the report has grown, the heavier it is to fetch. */
export function askAfterMs(job: Pick<PhotoImport, 'done'>): number {
  return Math.min(ASK_MS.most, ASK_MS.first + job.done)
}

/** After `failures` questions without an answer. */
export function retryAfterMs(failures: number): number {
  return Math.min(15_000, 1_000 * 2 ** failures)
}
