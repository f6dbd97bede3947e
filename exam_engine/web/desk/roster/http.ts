/** Calls about assessment accounts. */

import { api, got } from '@shared/api'
import type { paths } from '@shared/api.gen'
import { type Upload, upload } from '../parts/upload'
import type { ImportReport } from '../wire'

export type RosterQuery = NonNullable<paths['/api/desk/physicians']['get']['parameters']['query']>
export type NewAccount = paths['/api/desk/physicians']['post']['requestBody']['content']['application/json']

const PATH = '/api/desk/physicians'
export const TEMPLATE_URL = `${PATH}/template`

const ofAccount = (assessmentId: number) => ({ params: { path: { assessment_id: assessmentId } } })

export const rosterHttp = {
  page: (query: RosterQuery) => got(api.GET(PATH, { params: { query } })),
  add: (account: NewAccount) => got(api.POST(PATH, { body: account })),
  reset: (assessmentId: number, reason: string) =>
    got(api.POST('/api/desk/physicians/{assessment_id}/reset', { ...ofAccount(assessmentId), body: { reason } })),
  transfer: (assessmentId: number, institutionId: number, reason: string) =>
    got(
      api.POST('/api/desk/physicians/{assessment_id}/transfer', {
        ...ofAccount(assessmentId),
        body: { institution_id: institutionId, reason },
      }),
    ),
  institutions: (q: string) => got(api.GET('/api/desk/institutions', { params: { query: q === '' ? {} : { q } } })),
}

/** Send a spreadsheet. */
export function sendRoster(file: Blob, institutionId: number | null, onSent: (bytes: number) => void): Upload<ImportReport> {
  const query = institutionId === null ? '' : `?institution=${institutionId}`
  return upload(`${PATH}/import${query}`, file, 'application/octet-stream', onSent)
}
