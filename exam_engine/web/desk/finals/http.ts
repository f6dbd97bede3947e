/** Calls about final results, rechecks, paper exams and the archive. */

import { api, got } from '@shared/api'
import { type Upload, upload } from '../parts/upload'
import type { DecideFinal, ListPaper, PaperImportView } from './shapes'

const of = (result_id: number) => ({ params: { path: { result_id } } })

/** What narrows the list; empty: not at all. */
export interface FinalFilter {
  state: string
  outcome: string
  flag: string
  q: string
  mine: boolean
}

const asked = (filter: FinalFilter): Record<string, string> => {
  const { mine, ...texts } = filter
  const said = Object.entries(texts).filter(([, value]) => value !== '')
  return { ...Object.fromEntries(said), ...(mine ? { mine: '1' } : {}) }
}

export const resultsHttp = {
  page: (filter: FinalFilter, after: string | null) =>
    got(api.GET('/api/desk/final-results', { params: { query: { ...asked(filter), ...(after === null ? {} : { after }) } } })),
  counts: () => got(api.GET('/api/desk/final-results/counts')),
  one: (resultId: number) => got(api.GET('/api/desk/final-results/{result_id}', of(resultId))),
  decide: (resultId: number, body: DecideFinal) => got(api.POST('/api/desk/final-results/{result_id}/decide', { ...of(resultId), body })),
  correct: (resultId: number, body: DecideFinal) => got(api.POST('/api/desk/final-results/{result_id}/correct', { ...of(resultId), body })),
  agree: (results: { result_id: number; version: number }[]) => got(api.POST('/api/desk/final-results/agree', { body: { results } })),
  undo: (resultId: number, version: number, reason: string) =>
    got(api.POST('/api/desk/final-results/{result_id}/undo', { ...of(resultId), body: { version, reason } })),
  keep: (resultId: number, version: number, reason: string) =>
    got(api.POST('/api/desk/final-results/{result_id}/keep', { ...of(resultId), body: { version, reason } })),
  cancel: (resultId: number, version: number, reason: string) =>
    got(api.POST('/api/desk/final-results/{result_id}/cancel', { ...of(resultId), body: { version, reason } })),
  suspend: (resultId: number, body: { version: number; from_on: string; until_on: string; reason: string }) =>
    got(api.POST('/api/desk/final-results/{result_id}/suspend', { ...of(resultId), body })),
  reassess: (resultId: number, body: { version: number; arrangement: string }) =>
    got(api.POST('/api/desk/final-results/{result_id}/reassess', { ...of(resultId), body })),
  reassessed: (resultId: number, body: { version: number; passed: boolean; reason: string }) =>
    got(api.POST('/api/desk/final-results/{result_id}/reassessed', { ...of(resultId), body })),
  publish: (cycle: number, results: number[]) => got(api.POST('/api/desk/final-results/publish', { body: { cycle, results } })),
  notice: (resultId: number) => got(api.GET('/api/desk/final-results/{result_id}/notice', of(resultId))),
  rechecks: (state: string) => got(api.GET('/api/desk/rechecks', { params: { query: state === '' ? {} : { state } } })),
  decideRecheck: (recheck_id: number, body: { version: number; verdict: string; reasons: string[]; reason: string }) =>
    got(api.POST('/api/desk/rechecks/{recheck_id}/decision', { params: { path: { recheck_id } }, body })),
  paper: (query: Record<string, string>, before: number | null) =>
    got(api.GET('/api/desk/paper-exams', { params: { query: { ...query, ...(before === null ? {} : { before }) } } })),
  listPaper: (body: ListPaper) => got(api.POST('/api/desk/paper-exams', { body })),
  removePaper: (paper_id: number, reason: string) =>
    got(api.POST('/api/desk/paper-exams/{paper_id}/remove', { params: { path: { paper_id } }, body: { reason } })),
  paperImports: () => got(api.GET('/api/desk/paper-imports')),
  paperImport: (import_id: number) => got(api.GET('/api/desk/paper-imports/{import_id}', { params: { path: { import_id } } })),
  confirmPaper: (import_id: number, digest: string) =>
    got(api.POST('/api/desk/paper-imports/{import_id}/confirm', { params: { path: { import_id } }, body: { digest } })),
  discardPaper: (import_id: number, reason: string) =>
    got(api.POST('/api/desk/paper-imports/{import_id}/discard', { params: { path: { import_id } }, body: { reason } })),
  archive: (query: Record<string, string>) => got(api.GET('/api/desk/archives', { params: { query } })),
  archiveNow: (body: { cycle: number; province: string | null }) => got(api.POST('/api/desk/archives', { body })),
}

/** Send a table of paper results; they count when a second person has confirmed them. */
export function sendPaper(title: string, pass: number, file: Blob, onSent: (bytes: number) => void): Upload<PaperImportView> {
  const query = new URLSearchParams({ title, pass_points: String(pass) })
  return upload(`/api/desk/paper-imports?${query.toString()}`, file, 'application/octet-stream', onSent)
}
