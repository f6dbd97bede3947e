/** Calls of the administration. An upload goes by XMLHttpRequest: fetch does not say how far a body has come. */

import { api, got, problemFrom } from '@shared/api'
import { Problem } from '@shared/problem'
import type {
  AddOrganisation,
  AddStaff,
  ChangeOrganisation,
  CycleView,
  Enable,
  ImportReport,
  MoveWindow,
  PublishNotice,
  SetPolicy,
} from './shapes'

/** A page of a list: what is looked for, and from where on. */
export interface Asked {
  q?: string
  before?: number
}

const ofAccount = (account_id: number) => ({ params: { path: { account_id } } })

export const adminHttp = {
  cycles: () => got(api.GET('/api/desk/cycles')),
  openCycle: (body: CycleView) => got(api.POST('/api/desk/cycles', { body })),
  policy: (cycle_id: number, province: string) =>
    got(
      api.GET('/api/desk/policies/{cycle_id}', {
        params: { path: { cycle_id }, query: province === '' ? {} : { province } },
      }),
    ),
  setPolicy: (cycle_id: number, body: SetPolicy) =>
    got(api.PUT('/api/desk/policies/{cycle_id}', { params: { path: { cycle_id } }, body })),
  moveWindow: (sitting_id: number, body: MoveWindow) =>
    got(api.PUT('/api/desk/sittings/{sitting_id}/window', { params: { path: { sitting_id } }, body })),
  notices: () => got(api.GET('/api/desk/notices')),
  publish: (body: PublishNotice) => got(api.POST('/api/desk/notices', { body })),
  organisations: (query: Asked & { kind?: string; unassigned?: '1' }) => got(api.GET('/api/desk/organisations', { params: { query } })),
  addOrganisation: (body: AddOrganisation) => got(api.POST('/api/desk/organisations', { body })),
  changeOrganisation: (organisation_id: number, body: ChangeOrganisation) =>
    got(api.PUT('/api/desk/organisations/{organisation_id}', { params: { path: { organisation_id } }, body })),
  assign: (organisation_id: number, agency_id: number) =>
    got(
      api.PUT('/api/desk/organisations/{organisation_id}/agency', {
        params: { path: { organisation_id } },
        body: { agency_id },
      }),
    ),
  staff: (query: Asked & { role?: string }) => got(api.GET('/api/desk/staff', { params: { query } })),
  addStaff: (body: AddStaff) => got(api.POST('/api/desk/staff', { body })),
  disableStaff: (accountId: number, body: Enable) =>
    got(api.POST('/api/desk/staff/{account_id}/disabled', { ...ofAccount(accountId), body })),
  renewPassword: (accountId: number, reason: string) =>
    got(api.POST('/api/desk/staff/{account_id}/password', { ...ofAccount(accountId), body: { reason } })),
  appAccounts: (query: Asked) => got(api.GET('/api/desk/app-accounts', { params: { query } })),
  disableAppAccount: (accountId: number, body: Enable) =>
    got(api.POST('/api/desk/app-accounts/{account_id}/disabled', { ...ofAccount(accountId), body })),
  statistics: () => got(api.GET('/api/desk/statistics')),
  audit: (query: Asked) => got(api.GET('/api/desk/audit', { params: { query } })),
}

export type Records = 'registry' | 'conduct'

export interface Upload {
  done: Promise<ImportReport>
  cancel(): void
}

/** Send a table of records. `onSent`: bytes so far. Rejects with a Problem; `upload_cancelled` after `cancel`. */
export function upload(records: Records, file: Blob, onSent: (bytes: number) => void): Upload {
  const request = new XMLHttpRequest()
  const done = new Promise<ImportReport>((resolve, reject) => {
    request.upload.addEventListener('progress', (event) => onSent(event.loaded))
    request.upload.addEventListener('load', () => onSent(file.size))
    request.addEventListener('load', () => {
      const body = readBody(request.responseText)
      if (request.status >= 200 && request.status < 300 && body !== null) resolve(body as ImportReport)
      else reject(problemFrom(body, request.status))
    })
    request.addEventListener('error', () => reject(new Problem('no_network', 0)))
    request.addEventListener('abort', () => reject(new Problem('upload_cancelled', -1)))
  })
  request.open('POST', `/api/desk/${records}`)
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
