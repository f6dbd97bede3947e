/** Calls of the administration. */

import { api, got } from '@shared/api'
import { type Upload, upload } from '../parts/upload'
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

/** Send a table of records. */
export function sendRecords(records: Records, file: Blob, onSent: (bytes: number) => void): Upload<ImportReport> {
  return upload(`/api/desk/${records}`, file, 'application/octet-stream', onSent)
}
