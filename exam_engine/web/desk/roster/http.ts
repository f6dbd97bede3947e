/** Calls about assessment accounts. The upload goes by XMLHttpRequest: fetch does not say how far a body has come. */

import { api, got, problemFrom } from '@shared/api'
import type { paths } from '@shared/api.gen'
import { Problem } from '@shared/problem'
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

export interface Upload {
  done: Promise<ImportReport>
  cancel(): void
}

/** Send a spreadsheet. `onSent`: bytes on their way so far. Rejects with a Problem; `upload_cancelled` after `cancel`. */
export function upload(file: Blob, institutionId: number | null, onSent: (bytes: number) => void): Upload {
  const request = new XMLHttpRequest()
  const done = new Promise<ImportReport>((resolve, reject) => {
    request.upload.addEventListener('progress', (event) => onSent(event.loaded))
    request.addEventListener('load', () => {
      const body = readBody(request.responseText)
      if (request.status >= 200 && request.status < 300 && body !== null) resolve(body as ImportReport)
      else reject(problemFrom(body, request.status))
    })
    request.addEventListener('error', () => reject(new Problem('no_network', 0)))
    request.addEventListener('abort', () => reject(new Problem('upload_cancelled', -1)))
  })
  request.open('POST', `${PATH}/import${institutionId === null ? '' : `?institution=${institutionId}`}`)
  request.setRequestHeader('X-Exam', '1')
  request.setRequestHeader('Content-Type', 'application/octet-stream')
  request.send(file)
  return { done, cancel: () => request.abort() }
}

function readBody(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
